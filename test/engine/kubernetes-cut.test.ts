// needs: kubernetes
// time limit: 300 s
import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Engine } from "../../lib/engine/engine.js";
import { kubernetesEngine } from "../../lib/engine/kubernetes/engine.js";
import { defaultSettings } from "../../lib/engine/kubernetes/settings.js";
import type { Result } from "../../lib/failure/result.js";
import type { Finished } from "../../lib/host/process.js";
import { type CuttingProxy, cuttingProxy } from "../fake/cutting-proxy.js";
import { Chance } from "../rig/chance.js";
import { newFolder } from "../rig/folder.js";
import { apiServer, kubectlPrograms, newNamespace, removeNamespaces } from "../rig/kubernetes.js";
import { seed } from "../rig/mutate.js";
import { failure, value } from "../rig/result.js";
import { kitOf } from "./every-engine.js";

// Programs in a pod while connections to the API server are cut at random places. A failed run prints its seed;
// TAZPOD_TEST_SEED=N repeats its decisions.

const rounds = 200;
const lanes = 16;
/** kubectl itself waits for up to half a minute for a stream that it has asked for. */
const limitMs = 50_000;

const space = await newNamespace([
  { resources: ["pods"], verbs: ["get", "list", "create", "delete"] },
  { resources: ["pods/exec"], verbs: ["create"] },
]);
const proxies = await Promise.all(Array.from({ length: lanes }, async () => cuttingProxy(await apiServer())));
process.env["KUBECONFIG"] = await configOf(proxies);
const settings = { ...defaultSettings(), imagePullPolicy: "Never" as const, requests: { cpu: "0" } };
const kit = kitOf(kubernetesEngine({ ...settings, context: "direct" }));

test.after(async () => {
  await kit.remove();
  await removeNamespaces();
  for (const proxy of proxies) await proxy.close();
});

/** Writes a kubeconfig with a context for each proxy, `lane-N`, and one without, `direct`. */
async function configOf(through: readonly CuttingProxy[]): Promise<string> {
  interface Named {
    readonly name: string;
  }
  const config = JSON.parse(await readFile(await space.kubeconfig(), "utf8")) as {
    clusters: (Named & { readonly cluster: object })[];
    contexts: (Named & { readonly context: object })[];
  };
  const [{ cluster }, { context }] = [config.clusters[0], config.contexts[0]] as [
    { cluster: object },
    { context: object },
  ];
  for (const [lane, { url }] of through.entries()) {
    const name = `lane-${lane}`;
    config.clusters.push({ name, cluster: { ...cluster, server: url } });
    config.contexts.push({ name, context: { ...context, cluster: name } });
  }
  config.contexts.push({ name: "direct", context });
  const file = join(await newFolder("kube"), "config");
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

/** What a program printed, if the engine says that it ended. */
type Outcome = Result<Finished & { readonly out: string }>;

interface Program {
  readonly kind: string;
  /** What is right; undefined for a program that never ends by itself. */
  readonly right?: { readonly code: number; readonly out: string; readonly stderr: string };
  run(engine: Engine, container: string, tag: string): Promise<Outcome>;
}

const digestOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const linesTo = (last: number): string => Array.from({ length: last }, (_, at) => `${at + 1}\n`).join("");
const user = "tazpod";

async function captured(running: Promise<Result<Finished>>): Promise<Outcome> {
  const done = await running;
  return done.ok ? { ok: true, value: { ...done.value, out: done.value.stdout.toString() } } : done;
}

const programs: readonly ((chance: Chance) => Program)[] = [
  (chance) => {
    const last = 1 + chance.below(chance.pick([10, 1_000, 100_000]));
    return {
      kind: `prints ${last} lines`,
      right: { code: 0, out: linesTo(last), stderr: "" },
      run: (engine, name, tag) =>
        captured(engine.exec(name, ["sh", "-c", `: ${tag}; seq ${last}`], { user })),
    };
  },
  (chance) => {
    const input = randomBytes(1 + chance.below(chance.pick([1_000, 100_000, 4_000_000])));
    return {
      kind: `reads ${input.length} bytes`,
      right: { code: 0, out: `${digestOf(input)}  -\n`, stderr: "" },
      run: (engine, name, tag) =>
        captured(
          engine.exec(name, ["sh", "-c", `: ${tag}; sha256sum`], { user, input: Readable.from([input]) }),
        ),
    };
  },
  (chance) => {
    const code = 1 + chance.below(255);
    return {
      kind: `fails with ${code}`,
      right: { code, out: "out\n", stderr: "bad" },
      run: (engine, name, tag) =>
        captured(engine.exec(name, ["sh", "-c", `: ${tag}; echo out; echo bad >&2; exit ${code}`], { user })),
    };
  },
  (chance) => {
    const bytes = 1 + chance.below(chance.pick([10_000, 3_000_000]));
    return {
      kind: `streams ${bytes} bytes`,
      right: { code: 3, out: digestOf(Buffer.alloc(bytes)), stderr: "" },
      async run(engine, name, tag) {
        const script = `: ${tag}; head -c ${bytes} /dev/zero; exit 3`;
        const { stdout, done } = engine.execPiped(name, ["sh", "-c", script], { user });
        const [all, ended] = await Promise.all([buffer(stdout).catch(() => Buffer.alloc(0)), done]);
        return ended.ok ? { ok: true, value: { ...ended.value, out: digestOf(all) } } : ended;
      },
    };
  },
  (chance) => {
    const last = 1 + chance.below(chance.pick([10, 20_000]));
    return {
      kind: `shows ${last} lines`,
      right: { code: 7, out: linesTo(last), stderr: "" },
      async run(engine, name, tag) {
        const shown: Buffer[] = [];
        const keep = (from: 1 | 2): Transform =>
          new Transform({
            transform: (chunk: Buffer, _, next) => {
              if (from === 1) shown.push(chunk);
              next();
            },
          });
        const argv = ["sh", "-c", `: ${tag}; seq ${last}; exit 7`];
        const signal = new AbortController().signal;
        const options = { user, tty: false, workdir: "/", env: {}, output: 1 as const, filter: keep, signal };
        const done = await engine.foreground(name, argv, options);
        return done.ok ? { ok: true, value: { ...done.value, out: Buffer.concat(shown).toString() } } : done;
      },
    };
  },
  () => ({
    kind: "never ends",
    run: (engine, name, tag) =>
      captured(engine.exec(name, ["sh", "-c", `: ${tag}; echo begun; sleep 600; :`], { user })),
  }),
];

/** Cuts a connection at a random place; returns how. One that would never end is cut once it runs. */
function cut(proxy: CuttingProxy, chance: Chance, over: AbortSignal, endless?: string): string {
  const connection = chance.below(2);
  // an answer to a look at a pod has about 6 kB, one to a handshake 2 kB
  const bytes = chance.below(chance.pick([3_000, 10_000, 1_000_000]));
  if (endless === undefined && chance.percent(50)) {
    proxy.cutOne(bytes, connection);
    return `connection ${connection} after ${bytes} bytes`;
  }
  const ms = chance.below(400);
  const [before, began] = [proxy.connections(), Date.now()];
  const hasBegun = async (): Promise<boolean> =>
    endless === undefined
      ? // a shell that is open already needs no new connection
        proxy.connections() > before + connection || Date.now() > began + 300
      : (await processesWith(endless)).some((argv) => argv.startsWith("sh "));
  void cutLater(proxy, hasBegun, ms, over);
  return `${ms} ms after ${endless === undefined ? `connection ${connection}` : "its begin"}`;
}

async function cutLater(
  proxy: CuttingProxy,
  hasBegun: () => Promise<boolean>,
  ms: number,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted && !(await hasBegun())) await sleep(50);
  await sleep(ms);
  if (!over.aborted) proxy.cut();
}

/** The processes on this machine, which is the node, too, with a text in their arguments. */
async function processesWith(text: string): Promise<readonly string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return all.filter((argv) => argv.includes(text)).map((argv) => argv.replaceAll("\0", " "));
}

test(`${rounds} programs under connections that are cut end right or with a failure, and are gone`, async () => {
  const { name } = await kit.make();
  const chance = new Chance(seed);
  const plan = Array.from({ length: rounds }, (_, index) => {
    const program = chance.pick(programs)(chance);
    return { index, program, cuts: new Chance(chance.below(2 ** 31)) };
  });
  const failures: string[] = [];
  /** How many ended with each failure; "" for none. */
  const seen = new Map<string, number>();

  const lane = async (proxy: CuttingProxy, number: number): Promise<void> => {
    process.env["TAZPOD_KUBECTL"] = kubectlPrograms[number % kubectlPrograms.length];
    const engine = kubernetesEngine({ ...settings, context: `lane-${number}` });
    for (let next = plan.shift(); next !== undefined; next = plan.shift()) {
      const { index, program, cuts } = next;
      const tag = `round-${process.pid}-${index}.`;
      const over = new AbortController();
      const how = `${program.kind}, cut ${cut(proxy, cuts, over.signal, program.right === undefined ? tag : undefined)}, kubectl ${number % kubectlPrograms.length} (round ${index}, seed ${seed})`;
      const running = program.run(engine, name, tag);
      const outcome = await Promise.race([running, sleep(limitMs, undefined, { ref: false })]);
      over.abort();
      if (outcome === undefined) {
        failures.push(`${how}: no end; ${(await processesWith(tag)).join(" | ")}`);
        return;
      }
      const said = outcome.ok ? "" : outcome.failure.kind;
      const { right } = program;
      if (outcome.ok) {
        const { code, out, stderr } = outcome.value;
        if (right === undefined || right.code !== code || right.out !== out || right.stderr !== stderr)
          failures.push(`${how}: exit code ${code}, ${out.length} characters, ${stderr}`);
      } else if (!["connection-lost", "engine-unavailable"].includes(said))
        failures.push(`${how}: ${JSON.stringify(outcome.failure)}`);
      seen.set(said, (seen.get(said) ?? 0) + 1);
      const end = Date.now() + 5_000;
      while ((await processesWith(tag)).length > 0 && Date.now() < end) await sleep(100);
      for (const left of await processesWith(tag)) failures.push(`${how}: ${said}, but it left ${left}`);
    }
  };
  await Promise.all(proxies.map(lane));
  assert.equal(failures, []);
  for (const what of ["", "connection-lost"]) assert.ok((seen.get(what) ?? 0) > rounds / 10, what);
});

test("a transfer of which nothing arrives any more is over after its limit, one that waits for its source is not", async () => {
  const { name } = await kit.make();
  const proxy = await cuttingProxy(await apiServer());
  process.env["KUBECONFIG"] = await configOf([proxy]);
  const engine = kubernetesEngine({ ...settings, context: "lane-0" });
  const digest = ["sh", "-c", "sha256sum"];
  const stallMs = 3_000;
  async function* slow(pauseMs: number): AsyncGenerator<Buffer> {
    yield Buffer.alloc(100);
    await sleep(pauseMs);
    yield Buffer.alloc(100);
  }
  const waited = await engine.exec(name, digest, { user, input: Readable.from(slow(4_000)), stallMs });
  assert.is(value(waited).stdout.toString(), `${digestOf(Buffer.alloc(200))}  -\n`);

  const stalled = engine.exec(name, digest, { user, input: Readable.from(slow(2_000)), stallMs });
  await sleep(1_500);
  proxy.stall();
  assert.match(failure(await stalled, "engine-unavailable").detail, /no answer within 3 s/);
  await proxy.close();
});

test.run();
