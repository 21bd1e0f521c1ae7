// An identity provider for the tests: oidc-provider in a process of its own, with faults on demand.
//
//   node provider.mjs CLIENTS_JSON      prints {"issuer"} when it listens
//
// POST /faults {"claims": {...}, "drop": [...], "key": "other", "alg": "none" | "HS256", "down": true, "rotate": true}
// holds for all tokens until the next. Faulty tokens are signed with the provider's own key unless `key` says otherwise.

import { createServer } from 'node:http';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { SignJWT, decodeJwt, exportJWK, importJWK } from 'jose';
import Provider from 'oidc-provider';

const clients = JSON.parse(process.argv[2]);
const key = async (kid) => ({
  ...(await exportJWK(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)), kid, alg: 'RS256', use: 'sig',
});
const own = await key('own');
const other = await key('own');
const next = await key('next');
let faults = {};

const server = createServer();
server.listen(0, '127.0.0.1');
await new Promise((done) => server.once('listening', done));
const issuer = `http://localhost:${server.address().port}`;

const provider = new Provider(issuer, {
  clients,
  jwks: { keys: [own] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  cookies: { keys: ['for trials only'] },
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'] },
  conformIdTokenClaims: false,
  enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'ES256'] },
  async findAccount(ctx, sub) {
    const [login, name] = sub.split('/');
    return { accountId: sub, claims: async () => ({ sub, name: name || '検証 太郎', preferred_username: login }) };
  },
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope('openid profile');
    await grant.save();
    return grant;
  },
});
const quiet = provider.callback();

async function spoiled(idToken) {
  const claims = { ...decodeJwt(idToken), ...faults.claims };
  for (const name of faults.drop ?? []) delete claims[name];
  if (faults.alg === 'none') return `${encode({ alg: 'none' })}.${encode(claims)}.`;
  if (faults.alg === 'HS256') {
    const signed = `${encode({ alg: 'HS256', kid: 'own' })}.${encode(claims)}`;
    return `${signed}.${createHmac('sha256', clients[0].client_secret).update(signed).digest('base64url')}`;
  }
  const jwk = { other, next }[faults.key] ?? own;
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: jwk.kid }).sign(await importJWK(jwk, 'RS256'));
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

async function body(request) {
  let text = '';
  for await (const part of request) text += part;
  return text;
}

// The provider's own page: any login is somebody ("login/Name" has that name). It loads nothing from elsewhere.
const page = `<!doctype html><html lang="ja"><title>検証用の認証</title><link rel="icon" href="data:,">
<form method="post" action=""><input name="login" aria-label="login"><input name="password" type="password" aria-label="password">
<button type="submit">認証する</button></form>`;

async function interaction(request, response) {
  if (request.method !== 'POST') {
    return response.setHeader('Content-Type', 'text/html; charset=utf-8').end(page.replace('action=""', `action="${request.url}"`));
  }
  const accountId = new URLSearchParams(await body(request)).get('login');
  return provider.interactionFinished(request, response, { login: { accountId } }, { mergeWithLastSubmission: false });
}

server.on('request', async (request, response) => {
  if (request.url === '/faults') {
    faults = JSON.parse(await body(request));
    return response.end();
  }
  if (faults.down) return response.writeHead(503).end('<p>down</p>');
  if (request.url.startsWith('/interaction/')) return interaction(request, response);
  if (request.url === '/jwks' && faults.key === 'next') {
    const { d, p, q, dp, dq, qi, ...shown } = next;
    return response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: [shown] }));
  }
  if (request.url === '/token' && (faults.claims || faults.drop || faults.key || faults.alg)) {
    const write = response.end.bind(response);
    response.end = async (content) => {
      const said = JSON.parse(content);
      if (said.id_token) said.id_token = await spoiled(said.id_token);
      const changed = JSON.stringify(said);
      response.setHeader('Content-Length', Buffer.byteLength(changed));
      write(changed);
    };
  }
  return quiet(request, response);
});
process.stdout.write(`${JSON.stringify({ issuer })}\n`);
