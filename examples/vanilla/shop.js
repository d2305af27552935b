const state = document.getElementById("state");

async function call(path, body) {
  const method = body === undefined ? "GET" : "POST";
  const response = await fetch(path, { method, body: body && JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

async function showOrders(connectionId) {
  // The first sync takes a moment.
  for (let orders = []; orders.length === 0; await new Promise((resolve) => setTimeout(resolve, 1000))) {
    orders = await call(`orders/${connectionId}`);
    const rows = orders.map((order) => {
      const row = document.createElement("li");
      row.textContent = `${order.order_number}: ${order.status}`;
      return row;
    });
    document.getElementById("orders").replaceChildren(...rows);
  }
}

Trackstar.init({
  sandbox: true,
  getLinkToken: async () => (await call("link-token", {})).link_token,
  async onSuccess(authCode) {
    state.textContent = "One moment …";
    const connection = await call("exchange", { auth_code: authCode });
    state.textContent = `Connected: ${connection.integration_name}`;
    await showOrders(connection.connection_id);
  },
  onClose(reason) {
    state.textContent = reason === "error" ? "That did not work. Please try again." : "";
  },
});

document.getElementById("connect").addEventListener("click", () => Trackstar.open());
