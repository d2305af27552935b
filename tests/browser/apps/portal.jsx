// A customer's page with svix-react: endpoints and messages by its hooks, and its frame around our portal.
import { useState } from "react";
import { createRoot } from "react-dom/client";
import {
  AppPortal, SvixProvider, useAttemptFunctions, useEndpointFunctions, useEndpointSecret, useEndpoints,
  useEventTypes, useMessages, useNewEndpoint,
} from "svix-react";

const scenario = JSON.parse(document.getElementById("root").dataset.scenario);

function NewEndpoint({ onMade }) {
  const { url, createEndpoint } = useNewEndpoint();
  const [fault, setFault] = useState("");
  const create = async () => {
    const { error, endpoint } = await createEndpoint();
    if (error) setFault(JSON.stringify(error.body ?? String(error)));
    if (endpoint) onMade();
  };
  return (
    <p>
      <input aria-label="Address" value={url.value} onChange={(event) => url.setValue(event.target.value)} />
      <button onClick={create}>Create</button>
      <output id="fault">{fault}</output>
    </p>
  );
}

function Endpoint({ endpoint, onChanged }) {
  const secret = useEndpointSecret(endpoint.id);
  const { updateEndpoint, deleteEndpoint } = useEndpointFunctions(endpoint.id);
  const disable = async () => {
    await updateEndpoint({ url: endpoint.url, disabled: true });
    onChanged();
  };
  const remove = async () => {
    await deleteEndpoint();
    onChanged();
  };
  return (
    <li>
      {endpoint.url} {endpoint.disabled ? "disabled" : "enabled"} <code>{secret.data?.key}</code>
      <button onClick={disable}>Disable</button> <button onClick={remove}>Delete</button>
    </li>
  );
}

function Message({ message, endpointId }) {
  const { resendAttempt } = useAttemptFunctions({ msgId: message.id, endpointId });
  return (
    <li>
      {message.eventType} <button onClick={resendAttempt}>Resend</button>
    </li>
  );
}

function Webhooks() {
  const endpoints = useEndpoints();
  const messages = useMessages();
  const types = useEventTypes({ limit: 5 });
  return (
    <main>
      <NewEndpoint onMade={endpoints.reload} />
      <ul id="endpoints">
        {endpoints.data?.map((endpoint) => (
          <Endpoint key={endpoint.id} endpoint={endpoint} onChanged={endpoints.reload} />
        ))}
      </ul>
      <ul id="messages">
        {endpoints.data?.length > 0 &&
          messages.data?.map((message) => (
            <Message key={message.id} message={message} endpointId={endpoints.data[0].id} />
          ))}
      </ul>
      <p id="types">{types.data?.length}</p>
      <p id="error">{endpoints.error && String(endpoints.error)}</p>
    </main>
  );
}

const options = { serverUrl: scenario.server };

createRoot(document.getElementById("root")).render(
  scenario.portal ? (
    <AppPortal url={scenario.portal} fullSize primaryColor="#b3261e" darkMode="auto" />
  ) : (
    <SvixProvider token={scenario.token} appId={scenario.app} options={options}>
      <Webhooks />
    </SvixProvider>
  ),
);
