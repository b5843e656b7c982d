// needs: s3
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { connectionTo, proxyFor } from "../../lib/aws/connection.js";
import { Failed } from "../../lib/failure/result.js";
import { openRemote } from "../../lib/remote/open-remote.js";
import { s3Server } from "../runner/services.js";
import { newBucket } from "../rig/bucket.js";

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

/** A proxy that notes what it is asked, and refuses it. */
async function startProxy() {
  const asked: string[] = [];
  const server = createServer();
  server.on("connect", (request, socket: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    socket.end("HTTP/1.1 503 no\r\n\r\n");
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

test("a certificate bundle that is missing is named", async () => {
  const error = await connectionTo("https://x", { AWS_CA_BUNDLE: "/nowhere/ca.pem" }).catch(
    (caught: unknown) => caught,
  );
  assert.ok(
    error instanceof Failed && error.failure.kind === "file" && error.failure.path === "/nowhere/ca.pem",
  );
});

test.run();
