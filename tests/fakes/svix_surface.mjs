// Every operation of the official npm client against a server; prints the calls that were made, as JSON.
//     node svix_surface.mjs FOLDER_OF_THE_CLIENT BASE_URL KEY ORGANIZATION RECEIVER_URL
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [folder, base, key, organization, receiver] = process.argv.slice(2);
const { Svix, Webhook } = createRequire(`${folder}/`)("svix");
const svix = new Svix(key, { serverUrl: base });
const made = new Set();
// The second generation calls some operations, and one member, otherwise.
const isSecond = "upsert" in svix.application;
const renamed = isSecond
  ? { update: "upsert", updateHeaders: "setHeaders", patchTransformation: "transformation.patch", transformationGet: "transformation.get" }
  : {};
const types = isSecond ? "eventTypes" : "filterTypes";

async function call(name, ...given) {
  made.add(name);
  const path = name.replace(/[^.]+$/, (last) => renamed[last] ?? last);
  const [group, ...rest] = path.split(".");
  let target = svix[group];
  while (rest.length > 1) target = target[rest.shift()];
  return await target[rest[0]](...given);
}

async function refused(code, path, ...given) {
  await assert.rejects(call(path, ...given), (problem) => problem.code === code);
}

async function until(look) {
  const deadline = Date.now() + 20000;
  for (;;) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < deadline, "it did not happen");
    await new Promise((go) => setTimeout(go, 50));
  }
}

const since = new Date(Date.now() - 3600_000);
await call("health.get");
assert.equal((await call("application.get", organization)).uid, organization);
const other = await call("application.create", { name: "Other", uid: "other-npm" });
await refused(409, "application.create", { name: "Other", uid: "other-npm" });
assert.equal((await call("application.getOrCreate", { name: "Other", uid: "other-npm" })).id, other.id);
await call("application.update", "other-npm", { name: "New", uid: "other-npm" });
await call("application.patch", "other-npm", { name: "Newer" });
assert.equal((await call("application.list")).data.length, 2);
await call("application.delete", "other-npm");

await call("eventType.create", { name: "npm.sent", description: "d" });
await call("eventType.update", "npm.sent", { description: "e" });
await call("eventType.patch", "npm.sent", { description: "f" });
assert.equal((await call("eventType.get", "npm.sent")).description, "f");
assert.ok((await call("eventType.list", { limit: 250 })).data.length > 40);

const endpoint = await call("endpoint.create", organization, {
  url: `${receiver}/hook`, uid: "npm", [types]: ["npm.sent"], metadata: { a: "b" },
});
assert.deepEqual(endpoint[types], ["npm.sent"]);
await refused(422, "endpoint.create", organization, { url: "http://169.254.169.254/" });
await call("endpoint.get", organization, "npm");
await call("endpoint.list", organization);
await call("endpoint.patch", organization, "npm", { description: "g" });
await call("endpoint.update", organization, "npm", { url: `${receiver}/hook`, uid: "npm", [types]: ["npm.sent"] });
const secret = (await call("endpoint.getSecret", organization, "npm")).key;
await call("endpoint.rotateSecret", organization, "npm", {});
assert.notEqual((await call("endpoint.getSecret", organization, "npm")).key, secret);
await call("endpoint.updateHeaders", organization, "npm", { headers: { "x-one": "1" } });
await call("endpoint.patchHeaders", organization, "npm", { headers: { "x-two": "2" } });
assert.deepEqual((await call("endpoint.getHeaders", organization, "npm")).headers, { "x-one": "1", "x-two": "2" });
await call("endpoint.patchTransformation", organization, "npm", { code: "function handler(w) { return w; }", enabled: false });
assert.equal((await call("endpoint.transformationGet", organization, "npm")).enabled, false);

const message = await call("message.create", organization, { eventType: "npm.sent", payload: { a: 1 }, eventId: "npm-1" });
assert.deepEqual((await call("message.get", organization, "npm-1", { withContent: true })).payload, { a: 1 });
assert.equal((await call("message.list", organization, { eventTypes: ["npm.sent"], after: since })).data.length, 1);
assert.ok((await call("message.precheck", organization, { eventType: "npm.sent" })).active);
const [attempt] = await until(async () => {
  const { data } = await call("messageAttempt.listByMsg", organization, message.id);
  return data.length && data;
});
assert.equal(attempt.responseStatusCode, 204);
assert.equal((await call("messageAttempt.listByEndpoint", organization, "npm", { withMsg: true })).data[0].msg.eventId, "npm-1");
await call("messageAttempt.get", organization, message.id, attempt.id);
assert.equal((await call("messageAttempt.listAttemptedMessages", organization, "npm")).data[0].status, 0);
assert.equal((await call("messageAttempt.listAttemptedDestinations", organization, message.id)).data[0].id, endpoint.id);
await call("messageAttempt.resend", organization, message.id, endpoint.id);
await call("messageAttempt.expungeContent", organization, message.id, attempt.id);
await call("endpoint.getStats", organization, "npm");
await call("endpoint.sendExample", organization, "npm", { eventType: "order.created" });
for (const name of ["recover", "replayMissing", "bulkReplay"]) {
  const task = await call(`endpoint.${name}`, organization, "npm", { since });
  await until(async () => (await call("backgroundTask.get", task.id)).status === "finished");
}
assert.equal((await call("backgroundTask.list")).data.length, 3);
await call("message.expungeContent", organization, message.id);

await call("operationalWebhook.endpoint.create", { url: `${receiver}/ops`, uid: "npm-ops" });
await call("operationalWebhook.endpoint.get", "npm-ops");
await call("operationalWebhook.endpoint.list");
await call("operationalWebhook.endpoint.update", "npm-ops", { url: `${receiver}/ops`, uid: "npm-ops" });
await call("operationalWebhook.endpoint.getSecret", "npm-ops");
await call("operationalWebhook.endpoint.rotateSecret", "npm-ops", {});
await call("operationalWebhook.endpoint.updateHeaders", "npm-ops", { headers: { a: "b" } });
await call("operationalWebhook.endpoint.getHeaders", "npm-ops");
await call("operationalWebhook.endpoint.delete", "npm-ops");

const { token } = await call("authentication.appPortalAccess", organization, { capabilities: ["ViewBase"] });
const portal = new Svix(token, { serverUrl: base });
await portal.endpoint.get(organization, "npm");
await assert.rejects(portal.endpoint.getSecret(organization, "npm"), (problem) => problem.code === 403);
await portal.authentication.logout();
await assert.rejects(portal.endpoint.list(organization), (problem) => problem.code === 401);
await call("authentication.expireAll", organization, {});
await call("eventType.delete", "npm.sent");
await call("endpoint.delete", organization, "npm");
await refused(404, "endpoint.get", organization, "npm");
assert.ok(Webhook);
console.log(JSON.stringify([...made]));
