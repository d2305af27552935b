// Tells Crossdock of changes as they happen. Copy this file into `src/subscribers/` of the Medusa project; nothing in it
// is to be changed. Whom to tell stands in the metadata of the store, where Crossdock puts it when it is connected.
const { createHmac } = require("node:crypto");

const ORDERS = {
  "order.placed": "id",
  "order.updated": "id",
  "order.canceled": "id",
  "order.completed": "id",
  "order.archived": "id",
  "order.fulfillment_created": "order_id",
  "order.fulfillment_canceled": "order_id",
  "order.return_received": "order_id",
};
const FULFILLMENTS = ["shipment.created", "delivery.created"];
const PAYMENTS = ["payment.captured", "payment.refunded"];
const PRODUCTS = ["product.created", "product.updated", "product.deleted"];
const VARIANTS = ["product-variant.created", "product-variant.updated", "product-variant.deleted"];
const RECEIVERS = /^crossdock_webhook/;

async function ids(name, data, query) {
  if (name in ORDERS) return { orders: [data[ORDERS[name]]] };
  if (FULFILLMENTS.includes(name)) {
    const found = await query.graph({ entity: "fulfillment", fields: ["order.id"], filters: { id: data.id } });
    return { orders: found.data.map((fulfillment) => fulfillment.order?.id) };
  }
  if (PAYMENTS.includes(name)) {
    const fields = ["payment_collection.order.id"];
    const found = await query.graph({ entity: "payment", fields, filters: { id: data.id } });
    return { orders: found.data.map((payment) => payment.payment_collection?.order?.id) };
  }
  return { products: [data.id] };
}

async function tell({ event, container }) {
  const query = container.resolve("query");
  const { data: stores } = await query.graph({ entity: "store", fields: ["metadata"] });
  const receivers = stores.flatMap((store) =>
    Object.entries(store.metadata ?? {}).filter(([key]) => RECEIVERS.test(key)).map(([, value]) => value),
  );
  if (receivers.length === 0) return;
  const body = JSON.stringify({ event: event.name, ...(await ids(event.name, event.data, query)) });
  for (const { url, secret } of receivers) {
    const signature = createHmac("sha256", secret).update(body).digest("base64");
    const headers = { "content-type": "application/json", "x-crossdock-signature": signature };
    // What is not taken is found by the next sync: a shop does not wait for it.
    await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(5000) }).catch(() => {});
  }
}

exports.default = tell;
exports.config = { event: [...Object.keys(ORDERS), ...FULFILLMENTS, ...PAYMENTS, ...PRODUCTS, ...VARIANTS] };
