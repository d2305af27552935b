import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { CrossdockButton } from "@crossdock/react-link";

async function call(path, body) {
  const method = body === undefined ? "GET" : "POST";
  const response = await fetch(path, { method, body: body && JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

function Orders({ connectionId }) {
  const [orders, setOrders] = useState([]);
  useEffect(() => {
    // The first sync takes a moment.
    if (orders.length > 0) return undefined;
    const timer = setInterval(async () => setOrders(await call(`orders/${connectionId}`)), 1000);
    return () => clearInterval(timer);
  }, [connectionId, orders.length]);
  return <ul>{orders.map((order) => <li key={order.order_number}>{order.order_number}: {order.status}</li>)}</ul>;
}

function Shop({ src }) {
  const [connection, setConnection] = useState(null);
  const [state, setState] = useState("");
  return (
    <>
      <h1>Your warehouse</h1>
      <CrossdockButton
        src={src}
        sandbox
        getLinkToken={async () => (await call("link-token", {})).link_token}
        onSuccess={async (authCode) => {
          setState("One moment …");
          const connected = await call("exchange", { auth_code: authCode });
          setConnection(connected);
          setState(`Connected: ${connected.integration_name}`);
        }}
        onClose={(reason) => setState(reason === "error" ? "That did not work. Please try again." : "")}
      >
        Connect your warehouse
      </CrossdockButton>
      <p role="status">{state}</p>
      {connection && <Orders connectionId={connection.connection_id} />}
    </>
  );
}

const root = document.getElementById("root");
createRoot(root).render(<StrictMode><Shop src={root.dataset.crossdock} /></StrictMode>);
