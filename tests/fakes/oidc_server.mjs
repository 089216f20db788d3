// A certified provider of OpenID Connect (panva's oidc-provider) on a free port of this machine.
// Says its port in one line; is told in one line where to send browsers back to, and who the client is; ends with its
// standard input. Anybody may sign in; `ada` is somebody's boss and in a group.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

const PEOPLE = { ada: { realm_access: { roles: ["boss"] }, groups: ["/team-a"] } };
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

function made(issuer, client) {
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [`${client.back}/admin/sign-in/callback`],
        post_logout_redirect_uris: [`${client.back}/admin/sign-in`],
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "one", alg: "ES256", use: "sig" }] },
    cookies: { keys: ["only for tests"] },
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    scopes: ["openid", "email", "roles"],
    claims: { openid: ["sub"], email: ["email", "email_verified"], roles: ["realm_access", "groups"] },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 60, Interaction: 600, Session: 600 },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, ...PEOPLE[id] }),
    }),
  });
  provider.use(async (context, next) => {
    await next(); // its pages ask for a font elsewhere: nothing here does
    if (typeof context.body === "string") context.body = context.body.replace(/@import[^;]+;/g, "");
  });
  return provider;
}

let answer = (_, response) => response.writeHead(503).end();
const server = createServer((request, response) => answer(request, response));
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  console.log(JSON.stringify({ issuer }));
  const told = createInterface({ input: process.stdin });
  told.on("line", (line) => {
    answer = made(issuer, JSON.parse(line)).callback();
    console.log("{}");
  });
  told.on("close", () => process.exit(0));
});
