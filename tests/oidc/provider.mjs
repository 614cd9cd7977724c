// A real OpenID provider (npm oidc-provider) for the tests: started on a free port of this machine, told by HTTP below
// /control who signs in and how. node provider.mjs MODULES: the folder that holds node_modules.
import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const found = createRequire(resolve(process.argv[2], 'here.cjs')).resolve('oidc-provider');
const { Provider } = await import(pathToFileURL(found));

const people = new Map();
const portal = { client_id: 'portal', client_secret: 'not a secret & only for tests' };
const server = createServer();
let clients = [];
let provider;
let answer;
let key;

function newKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
}

// Every start signs with new keys and forgets the old ones; codes, sessions and grants are kept by the module itself.
function start(issuer) {
  key = newKey();
  provider = new Provider(issuer, {
    clients,
    jwks: { keys: [key] },
    cookies: { keys: ['only for tests'] },
    conformIdTokenClaims: false, // what the scopes allow is in the identity token, as Keycloak does it
    claims: { openid: ['sub', 'realm_access', 'amr', 'acr'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
    acrValues: ['mfa', 'one'],
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => { ctx.body = form; },
      },
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, sub) => people.has(sub) && { accountId: sub, claims: () => ({ sub, ...people.get(sub).claims }) },
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({ accountId: ctx.oidc.session.accountId, clientId: ctx.oidc.client.clientId });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
    fetch: (url, { dispatcher, ...options }) => fetch(url, options), // the back channel leads to this machine
    ttl: { IdToken: 3600, AccessToken: 3600, AuthorizationCode: 60, Session: 3600, Grant: 3600, Interaction: 600 },
  });
  for (const event of ['server_error', 'backchannel.error']) {
    provider.on(event, (_ctx, error) => console.error(event, error.message));
  }
  answer = provider.callback();
}

async function body(request) {
  let text = '';
  for await (const piece of request) text += piece;
  return text;
}

// Any claims under the provider's own key: what it would never sign by itself, or not yet.
function signed({ claims, header }) {
  const parts = [{ alg: 'RS256', kid: key.kid, ...header }, claims];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${sign('sha256', Buffer.from(text), createPrivateKey({ key, format: 'jwk' })).toString('base64url')}`;
}

async function control(name, request) {
  const told = JSON.parse((await body(request)) || '{}');
  if (name === 'sign') return signed(told);
  if (name === 'person') people.set(told.sub, told); // { sub, claims, amr, acr }
  if (name === 'portal') clients = [{ ...portal, ...told }];
  if (name !== 'person') start(`http://127.0.0.1:${server.address().port}`); // other keys, or another portal
  return 'done';
}

async function interaction(request, response) {
  const { prompt, params } = await provider.interactionDetails(request, response);
  if (request.method === 'GET') return response.end(`${prompt.name} for ${params.client_id}`);
  const form = new URLSearchParams(await body(request));
  const person = people.get(form.get('login'));
  const result = person
    ? { login: { accountId: person.sub, amr: person.amr, acr: person.acr } }
    : { error: 'access_denied', error_description: 'nobody of this name' };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

server.on('request', async (request, response) => {
  const [, first, second] = new URL(request.url, 'http://here').pathname.split('/');
  try {
    if (first === 'control') response.end(await control(second, request));
    else if (first === 'interaction') await interaction(request, response);
    else await answer(request, response);
  } catch (error) {
    console.error(error);
    response.writeHead(500).end(String(error));
  }
});
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  start(issuer);
  console.log(issuer);
});
