"""Who may manage webhooks, and what nobody may read."""

import asyncio

import pytest

from tests.journeys.admin import Admin, admin, ago

__all__ = ["admin"]

CAPABILITIES = (
    "ViewBase", "ViewEndpointSecret", "ManageEndpointSecret", "ManageTransformations", "CreateAttempts",
    "ManageEndpoint",
)  # fmt: skip


NEEDS: tuple[tuple[str, str, set[str]], ...] = (
    ("GET", "/endpoint/{ep}", {"ViewBase", "ManageEndpoint"}),
    ("GET", "/endpoint/{ep}/secret", {"ViewEndpointSecret", "ManageEndpointSecret"}),
    ("POST", "/endpoint/{ep}/secret/rotate", {"ManageEndpointSecret"}),
    ("PATCH", "/endpoint/{ep}/transformation", {"ManageTransformations", "ManageEndpoint"}),
    ("POST", "/endpoint/{ep}/recover", {"CreateAttempts", "ManageEndpoint"}),
    ("PATCH", "/endpoint/{ep}", {"ManageEndpoint"}),
    ("POST", "/msg", set()),
    ("DELETE", "", set()),
)


@pytest.mark.parametrize("capability", CAPABILITIES)
async def test_a_portal_token_may_do_what_its_capabilities_say(admin: Admin, capability: str):
    endpoint = await admin.endpoint()
    token = await admin.portal(capability)
    for method, path, enough in NEEDS:
        body = {"since": ago(hours=1)} if path.endswith("recover") else {}
        answer = await admin.ask(method, admin.app + path.format(ep=endpoint), token, json=body)
        assert (answer.status_code != 403) == (capability in enough), (method, path, answer.text)
        assert answer.status_code < 500


async def test_who_may_not_manage_secrets_sets_none_by_changing_an_endpoint(admin: Admin):
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    token = await admin.portal("ManageEndpoint", "ViewEndpointSecret")
    endpoint = f"{admin.app}/endpoint/{await admin.endpoint()}"
    before = await admin.do("GET", f"{endpoint}/secret")
    for method, extra_entry in (("PATCH", {}), ("PUT", {"url": f"{admin.receiver.url}/hook"})):
        answer = await admin.ask(method, endpoint, token, json={"secret": secret, **extra_entry})
        assert answer.status_code == (403 if method == "PATCH" else 200)
        assert await admin.do("GET", f"{endpoint}/secret") == before
    may = await admin.portal("ManageEndpoint", "ManageEndpointSecret")
    assert (await admin.ask("PATCH", endpoint, may, json={"secret": secret})).status_code == 200
    assert await admin.do("GET", f"{endpoint}/secret") == {"key": secret}
    # One that is new may bring its own.
    body = {"url": f"{admin.receiver.url}/hook", "secret": secret}
    assert (await admin.ask("POST", f"{admin.app}/endpoint", token, json=body)).status_code == 201


async def test_p19_a_portal_token_sees_one_application_and_its_tasks(admin: Admin):
    await admin.do("POST", "/app", json={"name": "Other", "uid": f"other-{admin.house.id}"})
    token = await admin.portal(*CAPABILITIES)
    other_response = await admin.ask("GET", f"/app/other-{admin.house.id}", token)
    assert other_response.status_code == 404
    assert (await admin.ask("GET", "/app", token)).status_code == 403
    assert (await admin.ask("GET", "/operational-webhook/endpoint", token)).status_code == 403


async def test_a_portal_token_expires_and_can_be_revoked_by_session(admin: Admin):
    kept_portal, portal = (
        await admin.portal("ViewBase", sessionId="a"),
        await admin.portal("ViewBase", sessionId="b"),
    )
    await admin.do("POST", f"/auth/app/{admin.house.id}/expire-all", json={"sessionIds": ["b"]})
    assert (await admin.ask("GET", admin.app, kept_portal)).status_code == 200
    assert (await admin.ask("GET", admin.app, portal)).status_code == 401
    database = admin.server.services.database
    await asyncio.to_thread(admin.server.do, database.execute("UPDATE portal_tokens SET expires_ms = 1"))
    assert (await admin.ask("GET", admin.app, kept_portal)).status_code == 401


async def test_p19_nothing_of_another_organization_is_found(admin: Admin):
    endpoint, message = await admin.endpoint(uid="mine"), await admin.message(eventId="e1")
    [attempt] = await admin.tried(message)
    stranger = (await asyncio.to_thread(admin.server.organization)).key
    for path in (
        "", "/endpoint", f"/endpoint/{endpoint}", "/endpoint/mine", f"/endpoint/{endpoint}/secret",
        f"/endpoint/{endpoint}/stats", "/msg", f"/msg/{message['id']}", "/msg/e1",
        f"/attempt/msg/{message['id']}", f"/attempt/endpoint/{endpoint}",
        f"/msg/{message['id']}/attempt/{attempt['id']}", f"/msg/{message['id']}/endpoint",
    ):  # fmt: skip
        answer = await admin.ask("GET", admin.app + path, stranger)
        assert answer.status_code == 404, path
    # Neither by way of the stranger's own application.
    theirs = (await admin.ask("GET", "/app", stranger)).json()["data"][0]["id"]
    for path in (f"/endpoint/{endpoint}", f"/msg/{message['id']}", f"/attempt/msg/{message['id']}"):
        assert (await admin.ask("GET", f"/app/{theirs}{path}", stranger)).status_code == 404
    resend = f"/app/{theirs}/msg/{message['id']}/endpoint/{endpoint}/resend"
    assert (await admin.ask("POST", resend, stranger, json={})).status_code == 404


# Secrets


async def test_p20_no_secret_of_an_endpoint_is_readable_in_the_database(admin: Admin):
    url = admin.receiver.url.replace("http://", "http://ann:pass-in-url@") + "/hook"
    endpoint = await admin.endpoint()
    await admin.do("PATCH", f"{admin.app}/endpoint/{endpoint}", json={"url": url})
    await admin.do("PUT", f"{admin.app}/endpoint/{endpoint}/headers",
                   json={"headers": {"x-api-key": "secret-in-header"}})  # fmt: skip
    body = {"code": "function handler(w) { return w; }", "variables": {"k": "secret-in-variable"}}
    await admin.do("PATCH", f"{admin.app}/endpoint/{endpoint}/transformation", json=body)
    secret = (await admin.do("GET", f"{admin.app}/endpoint/{endpoint}/secret"))["key"]
    rotated = await admin.do("POST", f"{admin.app}/endpoint/{endpoint}/secret/rotate", json={},
                             headers={"idempotency-key": "r"})  # fmt: skip
    token = await admin.portal("ViewBase")
    await admin.tried(await admin.message())
    database, kept_text = admin.server.services.database, ""
    for table in ("webhook_endpoints", "webhook_attempts", "webhook_answers", "portal_tokens"):
        rows = await asyncio.to_thread(admin.server.do, database.fetch(f"SELECT * FROM {table}"))
        kept_text += str([tuple(row) for row in rows])
    for item in (
        "pass-in-url", "secret-in-header", "secret-in-variable", secret, secret.removeprefix("whsec_"),
        rotated["key"], token,
    ):  # fmt: skip
        assert item not in kept_text


async def test_p20_no_password_that_a_script_puts_into_a_url_is_readable_in_the_database(admin: Admin):
    endpoint = await admin.endpoint()
    code = "function handler(w) { w.url = 'ftp://ann:' + w.variables.k + '@example.com/'; return w; }"
    body = {"code": code, "enabled": True, "variables": {"k": "secret-in-variable"}}
    await admin.do("PATCH", f"{admin.app}/endpoint/{endpoint}/transformation", json=body)
    [attempt] = await admin.tried(await admin.message())
    assert "ftp://example.com/" in attempt["response"]
    database = admin.server.services.database
    rows = await asyncio.to_thread(admin.server.do, database.fetch("SELECT * FROM webhook_attempts"))
    assert "secret-in-variable" not in str([tuple(row) for row in rows])


async def test_p08_at_most_ten_old_secrets_stay_valid(admin: Admin):
    endpoint = await admin.endpoint()
    rotate = f"{admin.app}/endpoint/{endpoint}/secret/rotate"
    for _ in range(10):
        await admin.do("POST", rotate, json={})
    refused = await admin.ask("POST", rotate, json={})
    assert (refused.status_code, refused.json()["code"]) == (400, "limit_reached")
    message = await admin.message()
    await admin.tried(message)
    [arrived] = admin.receiver.got()
    assert len(arrived.headers["webhook-signature"].split(" ")) == 11


async def test_an_ed25519_endpoint_shows_its_public_key(admin: Admin):
    secret = "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8DoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuA=="
    endpoint = await admin.endpoint(secret=secret)
    shown = await admin.do("GET", f"{admin.app}/endpoint/{endpoint}/secret")
    assert shown["key"] == "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
    await admin.tried(await admin.message())
    assert admin.receiver.got()[0].headers["svix-signature"].startswith("v1a,")
