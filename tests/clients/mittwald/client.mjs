// What a program written for mStudio does with its users and tokens, told nothing but an address and one header.
// `node client.mjs SCENARIO`; COUVERT_URL and COUVERT_TOKEN say where and as whom. Exit code 0 if all was as expected.
import assert from "node:assert/strict";
import { Commons, MittwaldAPIV2Client, assertStatus, extractTotalCountHeader } from "@mittwald/api-client";

const { COUVERT_URL, COUVERT_TOKEN } = process.env;
const NOBODY = "00000000-0000-4000-8000-000000000000";

function client(token = COUVERT_TOKEN) {
  const made = MittwaldAPIV2Client.newWithToken(token);
  made.axios.defaults.baseURL = COUVERT_URL;
  made.axios.defaults.headers["Prefer"] = "envelope=none";
  return made;
}

async function created(api, description, more = {}) {
  const answer = await api.user.createApiToken({ data: { description, roles: ["api_read"], ...more } });
  assertStatus(answer, 201);
  assert.match(answer.headers.get("etag"), /^[0-9]+$/);
  assert.equal(typeof answer.data.token, "string");
  return answer.data;
}

async function list(api) {
  const answer = await api.user.listApiTokens();
  assertStatus(answer, 200);
  return answer.data;
}

const scenarios = {
  async user() {
    const api = client();
    const self = await api.user.getUser({ userId: "self" });
    assertStatus(self, 200);
    const { userId, email, person, registeredAt } = self.data;
    assert.equal(email, "alice@example.com");
    assert.deepEqual(person, { firstName: "Alice", lastName: "Adams" });
    assert.ok(Date.parse(registeredAt) <= Date.now() + 1000);
    const byId = await api.user.getUser({ userId });
    assertStatus(byId, 200);
    assert.deepEqual(byId.data, self.data);
  },

  async person() {
    const api = client().withEventConsistencyHandling();
    const { data: before } = await api.user.getUser({ userId: "self" });
    for (const [userId, firstName] of [["self", "Alicia"], [before.userId, "Ally"]]) {
      const person = { firstName, lastName: "Brown" };
      const changed = await api.user.updatePersonalInformation({ userId, data: { person } });
      assertStatus(changed, 204);
      const after = await api.user.getUser({ userId });
      assert.deepEqual(after.data, { ...before, person });
    }
  },

  async tokens() {
    const api = client().withEventConsistencyHandling();
    const expiresAt = "2040-01-02T03:04:05.000Z";
    const { token, apiTokenId } = await created(api, "of a test", { expiresAt });
    const listed = (await list(api)).find((each) => each.apiTokenId === apiTokenId);
    assert.deepEqual([listed.description, listed.roles], ["of a test", ["api_read"]]);
    assert.equal(Date.parse(listed.expiresAt), Date.parse(expiresAt));
    assert.ok(Date.parse(listed.createdAt) <= Date.now() + 1000);
    const found = await api.user.getApiToken({ apiTokenId });
    assertStatus(found, 200);
    assert.deepEqual(found.data, listed);

    const reader = client(token);
    assertStatus(await reader.user.getUser({ userId: "self" }), 200);
    const forbidden = await reader.user.createApiToken({ data: { description: "more", roles: ["api_read"] } });
    assertStatus(forbidden, 403);
    assert.equal(forbidden.data.type, "PermissionDenied");

    const edited = await api.user.editApiToken({ apiTokenId, data: { description: "renamed" } });
    assertStatus(edited, 204);
    assert.equal(edited.data, "");
    const renamed = await api.user.getApiToken({ apiTokenId });
    assert.equal(renamed.data.description, "renamed");

    const deleted = await api.user.deleteApiToken({ apiTokenId });
    assertStatus(deleted, 204);
    assert.equal(deleted.data, "");
    assertStatus(await api.user.getApiToken({ apiTokenId }), 404);
    const headers = { "if-event-reached": deleted.headers.get("etag") };
    const refused = await reader.user.getUser({ userId: "self", headers });
    assertStatus(refused, 401);
    assert.equal(refused.data.type, "Unauthenticated");
  },

  async pages() {
    const api = client().withEventConsistencyHandling();
    for (const n of [1, 2, 3]) await created(api, `page ${n}`);
    const all = await list(api);
    const second = await api.user.listApiTokens({ queryParameters: { limit: 2, page: 2 } });
    assertStatus(second, 200);
    assert.deepEqual(second.data, all.slice(2, 4));
    assert.equal(extractTotalCountHeader(second), all.length);
    const skipped = await api.user.listApiTokens({ queryParameters: { limit: 1, skip: 1 } });
    assert.deepEqual(skipped.data, all.slice(1, 2));
    const past = await api.user.listApiTokens({ queryParameters: { limit: 2, skip: 1000 } });
    assert.deepEqual(past.data, []);
  },

  // The read models are a second behind. Whoever uses the package's helper does not notice; who does not, does.
  async ownWrites() {
    const api = client().withEventConsistencyHandling();
    const careless = client();
    const waited = [];
    api.axios.interceptors.response.use((answer) => {
      if (answer.config.method === "get") waited.push(answer.config.headers.get("if-event-reached"));
      return answer;
    });
    for (const n of [1, 2, 3]) {
      const { apiTokenId } = await created(api, `own write ${n}`);
      assert.ok((await list(api)).some((each) => each.apiTokenId === apiTokenId));
      await api.user.editApiToken({ apiTokenId, data: { description: `edited ${n}` } });
      assert.equal((await api.user.getApiToken({ apiTokenId })).data.description, `edited ${n}`);
      await api.user.deleteApiToken({ apiTokenId });
      assert.ok(!(await list(api)).some((each) => each.apiTokenId === apiTokenId));
    }
    const mail = {
      sender: { email: "shop@example.com" },
      recipients: [{ email: "charlie@example.org" }],
      subject: "Your own write",
      htmlTemplate: "<p>Hello</p>",
    };
    const { data, status } = await api.axios.post("v2/mails", mail);
    assert.equal(status, 202);
    const stale = await careless.axios.get("v2/mails");
    assert.ok(!stale.data.some((each) => each.mailId === data.mailId), "nothing lags, so nothing is proved");
    const fresh = await api.axios.get("v2/mails");
    assert.ok(fresh.data.some((each) => each.mailId === data.mailId));
    assert.equal(waited.length, 10);
    assert.ok(waited.every((position) => /^[0-9]+$/.test(position)));
  },

  async refusals() {
    const api = client();
    const unknown = await api.user.getApiToken({ apiTokenId: NOBODY });
    assertStatus(unknown, 404);
    assert.equal(unknown.data.type, "NotFound");
    assert.throws(() => assertStatus(unknown, 200), Commons.ApiClientError);
    const invalid = await api.user.createApiToken({ data: { description: "no roles", roles: [] } });
    assertStatus(invalid, 400);
    assert.equal(invalid.data.type, "ValidationError");
    assert.equal(invalid.data.validationErrors[0].path, ".roles");
    const stranger = await client("nonsense").user.getUser({ userId: "self" });
    assertStatus(stranger, 401);
    assert.equal(stranger.headers.get("etag"), undefined);
  },
};

await scenarios[process.argv[2]]();
