// needs: s3, openssl
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { type Duplex, pipeline } from "node:stream";
import * as tls from "node:tls";
import { promisify } from "node:util";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { connectionTo, proxyFor } from "../../lib/aws/connection.js";
import { clockAhead } from "../../lib/aws/server-clock.js";
import { Failed } from "../../lib/failure/result.js";
import { openRemote } from "../../lib/remote/open-remote.js";
import { push } from "../../lib/remote/push.js";
import { s3Server } from "../runner/services.js";
import { newBucket } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { value } from "../rig/result.js";

/** Runs `work` with these variables, and without any other proxy. */
async function withVariables<T>(variables: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) if (/_proxy$/i.test(name)) delete process.env[name];
  Object.assign(process.env, variables);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

/** A proxy that notes what it is asked, and refuses it, or connects to this port of this machine. */
async function startProxy(port?: number) {
  const asked: string[] = [];
  const server = createServer();
  server.on("connect", (request, socket: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    if (port === undefined) return void socket.end("HTTP/1.1 503 no\r\n\r\n");
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    joined(socket, connect(port, "localhost"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = () => (server.closeAllConnections(), server.close());
  return { asked, url, stop };
}

test("S3 is asked through HTTPS_PROXY, and a server of NO_PROXY directly", async () => {
  const proxy = await startProxy();
  const settings = await newBucket();
  await withVariables({ HTTPS_PROXY: proxy.url, NO_PROXY: new URL(s3Server.endpoint).hostname }, async () => {
    const { endpoint: _, ...amazon } = settings;
    const through = await openRemote(amazon, { limits: { connect: 500, stall: 3000 } });
    assert.is((await through.head()).state, "unknown");
    assert.match(proxy.asked[0] ?? "", /^CONNECT .*\.amazonaws\.com:443$/);
    const before = proxy.asked.length;
    const direct = await openRemote(settings);
    assert.equal(await direct.head(), { state: "absent" });
    assert.is(proxy.asked.length, before);
  });
  proxy.stop();
});

test("the login services use the proxy of their URL, and without a variable there is none", async () => {
  await withVariables({ https_proxy: "proxy.lan:3128", NO_PROXY: ".internal" }, async () => {
    assert.is(await proxyFor("https://oidc.eu-west-1.amazonaws.com", process.env), "http://proxy.lan:3128");
    assert.is(await proxyFor("https://s3.internal", process.env), undefined);
    assert.ok((await connectionTo("https://oidc.eu-west-1.amazonaws.com", process.env)).httpsAgent);
  });
  await withVariables({}, async () => {
    assert.equal(await connectionTo("https://oidc.eu-west-1.amazonaws.com", process.env), {});
  });
});

/** TLS in front of the S3 server, with a certificate of its own for localhost. */
async function startTls() {
  const folder = await newFolder();
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
  const names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert];
  await promisify(execFile)("openssl", [...made.split(" "), ...names]);
  const { hostname, port } = new URL(s3Server.endpoint);
  const options = { key: await readFile(key), cert: await readFile(cert) };
  const sockets = new Set<Duplex>();
  const server = tls.createServer(options, (socket) => {
    sockets.add(socket);
    joined(socket, connect(Number(port), hostname));
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port: own } = server.address() as AddressInfo;
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { cert, port: own, endpoint: `https://localhost:${own}`, stop };
}

/** Passes everything on between two connections, and ends both when one ends. */
function joined(one: Duplex, other: Duplex): void {
  pipeline(one, other, one, () => undefined);
}

test("a server with a certificate of its own is refused, and trusted with AWS_CA_BUNDLE, also through a proxy", async () => {
  const { cert, port, endpoint, stop } = await startTls();
  const settings = { ...(await newBucket()), endpoint };
  const folder = await newFolder();
  await writeFile(join(folder, "vault.tar.aes"), randomBytes(100_000));
  await withVariables({}, async () => {
    const found = await (await openRemote(settings)).head();
    if (found.state !== "unknown" || found.failure.kind !== "remote-unavailable")
      throw new Error(found.state);
    assert.match(found.failure.reason, /the certificate of https:\/\/localhost:\d+ is not trusted/);
    assert.match(found.failure.hint ?? "", /AWS_CA_BUNDLE/);
  });
  await withVariables({ AWS_CA_BUNDLE: cert }, async () => {
    const remote = await openRemote(settings);
    assert.equal(await remote.head(), { state: "absent" });
    assert.ok(value(await push({ remote, folder, host: "a" })).uploaded);
    assert.equal((await remote.head()).state, "present");
  });
  const proxy = await startProxy(port);
  await withVariables({ AWS_CA_BUNDLE: cert, HTTPS_PROXY: proxy.url }, async () => {
    const found = await (await openRemote(settings)).head();
    assert.is(found.state, "present", JSON.stringify(found));
    assert.equal(proxy.asked, [`CONNECT localhost:${port}`]);
    const ahead = await clockAhead(settings, AbortSignal.timeout(10_000));
    assert.ok(Math.abs(ahead ?? Number.NaN) < 60_000, `${ahead} ms`);
    assert.is(proxy.asked.length, 2);
  });
  proxy.stop();
  stop();
});

test("a certificate bundle that is missing is named", async () => {
  const error = await connectionTo("https://x", { AWS_CA_BUNDLE: "/nowhere/ca.pem" }).catch(
    (caught: unknown) => caught,
  );
  assert.ok(
    error instanceof Failed && error.failure.kind === "file" && error.failure.path === "/nowhere/ca.pem",
  );
});

test.run();
