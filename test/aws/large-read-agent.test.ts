import { createHash, randomBytes } from "node:crypto";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LargeReadAgent } from "../../lib/aws/large-read-agent.js";

const bodies = [
  randomBytes(0),
  randomBytes(10),
  randomBytes(5_000_000),
  randomBytes(300),
  randomBytes(1_048_576),
];

/** Sends the body with that number; odd ones in chunks of an odd size. */
const server = createServer((request, response) => {
  const number = Number(request.url?.slice(1));
  const body = bodies[number] ?? Buffer.alloc(0);
  if (number % 2 === 0) return void response.end(body);
  for (let at = 0; at < body.length; at += 7) response.write(body.subarray(at, at + 7));
  response.end();
});

function ask(agent: LargeReadAgent, number: number): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path: `/${number}`, agent }, resolve).once("error", reject);
  });
}

async function hashOf(answer: IncomingMessage, slowly: boolean): Promise<string> {
  const hash = createHash("sha256");
  const kept: Buffer[] = [];
  for await (const piece of answer as AsyncIterable<Buffer>) {
    kept.push(piece);
    if (slowly) await wait(1);
  }
  // checked last: later data must not overwrite earlier data
  for (const piece of kept) hash.update(piece);
  return hash.digest("hex");
}

test.before(() => new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve)));
test.after(() => void server.close());

test("answers of any size arrive completely over one kept connection, read fast or slowly", async () => {
  const agent = new LargeReadAgent({ keepAlive: true });
  const ports = new Set<number>();
  for (const slowly of [false, true])
    for (const [number, body] of bodies.entries()) {
      const answer = await ask(agent, number);
      ports.add(answer.socket.localPort ?? 0);
      const sha256 = await hashOf(answer, slowly);
      assert.is(sha256, createHash("sha256").update(body).digest("hex"), `${number}`);
    }
  assert.is(ports.size, 1);
  agent.destroy();
});

test("concurrent answers do not share bytes", async () => {
  const agent = new LargeReadAgent({ keepAlive: true });
  const numbers = [2, 4, 2, 3, 4, 2];
  const answers = await Promise.all(numbers.map(async (number) => hashOf(await ask(agent, number), true)));
  for (const [index, number] of numbers.entries())
    assert.is(
      answers[index],
      createHash("sha256")
        .update(bodies[number] ?? "")
        .digest("hex"),
    );
  agent.destroy();
});

test("a connection that ends in the middle is an error, not a short answer", async () => {
  const agent = new LargeReadAgent({ keepAlive: true });
  const answer = await ask(agent, 2);
  answer.socket.destroy();
  let failed: unknown;
  await hashOf(answer, false).catch((error: unknown) => (failed = error));
  assert.is((failed as { code?: string }).code, "ECONNRESET");
  agent.destroy();
});

test.run();
