// Calls every operation of a running Minitwit through openapi-fetch, with the types that openapi-typescript makes of
// openapi.json (scripts/clients):  node built/calls.js URL OPENAPI_JSON
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];

const [base, file] = process.argv.slice(2);
assert(base !== undefined && file !== undefined, "calls.js URL OPENAPI_JSON");
const called = new Set<string>();

function api(password: string) {
  const authorization = `Basic ${Buffer.from(`simulator:${password}`).toString("base64")}`;
  const client = createClient<paths>({ baseUrl: base as string, headers: { authorization } });
  client.use({ onRequest: ({ request, schemaPath }) => void called.add(`${request.method} ${schemaPath}`) });
  return client;
}

/** What openapi-fetch gives: either the decoded answer, or the decoded error. */
type Outcome<T> = { data?: T; error?: Schemas["ErrorJson"]; response: Response };

/** The decoded answer of a call that has to be 200, or 204 without one. */
async function answer<T>(call: Promise<Outcome<T>>): Promise<T> {
  const { data, error, response } = await call;
  assert.equal(error, undefined);
  assert.equal(response.status, response.headers.has("content-type") ? 200 : 204);
  return data as T;
}

/** What a call says that has to be refused so. */
async function refusal(call: Promise<Outcome<unknown>>, status: number): Promise<string> {
  const { error, response } = await call;
  assert.equal(response.status, status);
  assert(error !== undefined);
  assert.equal(error.status, status);
  return error.error_msg;
}

const [roger, mellie] = ["Ömer Roger", "Mellie Histand"];
const simulator = api("super_safe!");
const stranger = api("wrong");
const of = (username: string, query: { latest?: number } = {}) => ({ params: { path: { username }, query } });
const list = (username: string, query: { no?: number; latest?: number } = {}) => ({ params: { path: { username }, query } });

const index = await answer(simulator.GET("/api"));
assert.deepEqual([index.name, index.documentation, index.openapi], ["Minitwit", "/api/docs", "/api/openapi.json"]);
for (const [number, username] of [roger, mellie].entries()) {
  const body = { username, email: `${number}@example.org`, pwd: "']S!{'" };
  await answer(simulator.POST("/api/register", { body, params: { query: { latest: 100 + number } } }));
  assert.equal(await refusal(simulator.POST("/api/register", { body }), 400), "The username is already taken");
}
assert.equal((await answer(simulator.GET("/api/latest"))).latest, 101);

const before = Math.floor(Date.now() / 1000);
for (const content of ["one", "two – three\n", "😀"]) {
  await answer(simulator.POST("/api/msgs/{username}", { ...of(roger), body: { content } }));
}
const messages = await answer(simulator.GET("/api/msgs", { params: { query: { no: 2, latest: -7 } } }));
assert.deepEqual(messages.map(({ user, content }) => [user, content]), [[roger, "😀"], [roger, "two – three"]]);
assert(messages.every(({ pub_date }) => before <= pub_date && pub_date <= before + 60));
assert.deepEqual(await answer(simulator.GET("/api/msgs/{username}", list(mellie))), []);
const newest: Schemas["MessageJson"][] = await answer(simulator.GET("/api/msgs/{username}", list(roger, { no: 1 })));
assert.deepEqual(newest.map(({ content }) => content), ["😀"]);
assert.equal((await answer(simulator.GET("/api/latest"))).latest, -7);

const follows = async () => (await answer(simulator.GET("/api/fllws/{username}", list(mellie, { no: 10 })))).follows;
assert.deepEqual(await follows(), []);
await answer(simulator.POST("/api/fllws/{username}", { ...of(mellie, { latest: 9 }), body: { follow: roger } }));
assert.deepEqual(await follows(), [roger]);
await answer(simulator.POST("/api/fllws/{username}", { ...of(mellie), body: { unfollow: roger } }));
assert.deepEqual(await follows(), []);
assert.equal((await answer(simulator.GET("/api/latest", { params: { query: { latest: 10 } } }))).latest, 10);

const unauthorized = "You are not authorized to use this resource!";
const content = "x";
for (const refused of [
  () => stranger.GET("/api/msgs"),
  () => stranger.GET("/api/msgs/{username}", list(roger)),
  () => stranger.GET("/api/fllws/{username}", list(roger)),
  () => stranger.POST("/api/msgs/{username}", { ...of(roger), body: { content } }),
  () => stranger.POST("/api/fllws/{username}", { ...of(roger), body: { follow: mellie } }),
]) {
  assert.equal(await refusal(refused(), 403), unauthorized);
}
for (const unknown of [
  () => simulator.GET("/api/msgs/{username}", list("Nobody")),
  () => simulator.GET("/api/fllws/{username}", list("Nobody")),
  () => simulator.POST("/api/msgs/{username}", { ...of("Nobody"), body: { content } }),
  () => simulator.POST("/api/fllws/{username}", { ...of(roger), body: { follow: "Nobody" } }),
]) {
  assert.notEqual(await refusal(unknown(), 404), "");
}
assert.notEqual(await refusal(simulator.POST("/api/msgs/{username}", { ...of(roger), body: { content: " " } }), 400), "");
// The compiler has to refuse what the document does not allow.
// @ts-expect-error a number is wanted
const wrong: Parameters<typeof list>[1] = { no: "2" };
// @ts-expect-error one of the two keys is wanted
const neither: Schemas["ChangeFollowRequest"] = {};
assert(wrong && neither);

const document = JSON.parse(readFileSync(file, "utf8")) as { paths: Record<string, Record<string, unknown>> };
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);
assert.deepEqual([...called].sort(), operations.sort());
console.log(`clients: TypeScript called ${called.size} operations`);
