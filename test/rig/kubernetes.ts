import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { kubeFolder } from "../runner/services.js";
import { newFolder } from "./folder.js";
import { type Ended, run } from "./host.js";
import { repository } from "./root.js";
import { until } from "./until.js";

/** The kubeconfig of a user who may do everything. */
export const adminConfig = join(kubeFolder, "admin.kubeconfig");

/** Every `kubectl` to test with: that of the cluster, and those that TAZPOD_TEST_KUBECTL names, separated by colons. */
export const kubectlPrograms: readonly string[] = [
  join(kubeFolder, "kubectl"),
  ...(process.env["TAZPOD_TEST_KUBECTL"] ?? "").split(":").filter(Boolean),
];

/** Runs the cluster's `kubectl` as the user who may do everything. */
export function kubectl(args: readonly string[], input = ""): Promise<Ended> {
  return run(join(kubeFolder, "kubectl"), ["--kubeconfig", adminConfig, ...args], { input });
}

async function must(args: readonly string[], input?: object): Promise<string> {
  const done = await kubectl(args, input === undefined ? "" : JSON.stringify(input));
  if (done.code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${done.stderr}`);
  return done.stdout;
}

/** One rule of a role, of the core API group. */
interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** What is enough to make a pod, run programs in it, and remove it. */
const podRules: readonly Rule[] = [
  { resources: ["pods"], verbs: ["get", "create", "delete"] },
  { resources: ["pods/exec"], verbs: ["create"] },
];

/** A namespace, and a user who has rights only in it. */
interface KubeNamespace {
  readonly name: string;
  /** The user, as the audit log names them. */
  readonly user: string;
  /** Writes a kubeconfig of the user, and returns its path; `server` is another way to the API server. */
  kubeconfig(server?: string): Promise<string>;
}

/** What sessions need. */
const sessionRules: readonly Rule[] = [
  { resources: ["pods"], verbs: ["get", "list", "create", "delete"] },
  { resources: ["pods/exec"], verbs: ["create"] },
];

const made: string[] = [];

/**
 * Creates a namespace for hosts whose container is a pod, and has this process and its hosts use it with the newest kubectl.
 * `rules` are added to what sessions need; `server` is another way to the API server.
 */
export async function sessionNamespace({
  rules = [],
  server,
}: { readonly rules?: readonly Rule[]; readonly server?: string } = {}): Promise<KubeNamespace> {
  const space = await newNamespace([...sessionRules, ...rules]);
  process.env["KUBECONFIG"] = await space.kubeconfig(server);
  process.env["TAZPOD_KUBECTL"] = kubectlPrograms.at(-1);
  return space;
}

/** Creates a namespace with a user who has these rights in it; `removeNamespaces` removes it. */
export async function newNamespace(rules: readonly Rule[] = podRules): Promise<KubeNamespace> {
  const name = `tz-${randomBytes(4).toString("hex")}`;
  made.push(name);
  const metadata = { name: "visitor", namespace: name };
  const rbac = "rbac.authorization.k8s.io";
  const items = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    {
      ...{ apiVersion: `${rbac}/v1`, kind: "Role", metadata },
      rules: rules.map((rule) => ({ ...rule, apiGroups: [""] })),
    },
    {
      ...{ apiVersion: `${rbac}/v1`, kind: "RoleBinding", metadata },
      roleRef: { apiGroup: rbac, kind: "Role", name: "visitor" },
      subjects: [{ kind: "ServiceAccount", ...metadata }],
    },
  ];
  await must(["create", "-f", "-"], { apiVersion: "v1", kind: "List", items });
  // pods are refused until the namespace has its default account
  await until(async () => (await kubectl(["get", "-n", name, "serviceaccount", "default"])).code === 0);
  return {
    name,
    user: `system:serviceaccount:${name}:visitor`,
    kubeconfig: (server) => userConfig(name, server),
  };
}

async function userConfig(namespace: string, server?: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/visitor/token`;
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
  const { status } = JSON.parse(await must(["create", "--raw", path, "-f", "-"], request)) as {
    status: { token: string };
  };
  const config = JSON.parse(await must(["config", "view", "--raw", "-o", "json"])) as {
    clusters: [{ cluster: { server: string } }];
    contexts: [{ context: { namespace: string } }];
    users: [{ user: { token: string } }];
  };
  config.users[0].user.token = status.token;
  config.contexts[0].context.namespace = namespace;
  if (server !== undefined) config.clusters[0].cluster.server = server;
  const file = join(await newFolder("kube"), "config");
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

/** Removes every namespace that was made, with its pods; for an `after` hook. */
export async function removeNamespaces(): Promise<void> {
  for (const name of made.splice(0)) {
    // or it would wait for the processes in the pods
    await kubectl(["delete", "-n", name, "pods", "--all", "--grace-period=0", "--force"]);
    await kubectl(["delete", "namespace", name, "--wait=false"]);
  }
}

/** The address of the API server. */
export async function apiServer(): Promise<string> {
  const port = await readFile(join(kubeFolder, "port"), "utf8");
  return `https://127.0.0.1:${port.trim()}`;
}

/** Kills this part of the cluster, or starts it again; returns once it is gone, or answers. */
export async function clusterPart(
  action: "stop" | "start",
  part: "kube-apiserver" | "kubelet",
): Promise<void> {
  const done = await run(`${repository}test/services/kube.sh`, [action, part, kubeFolder]);
  if (done.code !== 0) throw new Error(done.stderr);
}

/** The ids of this machine's processes. */
export const processIds = async (): Promise<ReadonlySet<string>> =>
  new Set((await readdir("/proc")).filter((name) => /^\d+$/.test(name)));

/**
 * The processes in the pods of the cluster, whose node is this machine, by their ids and arguments.
 * Those of `others` are not looked at: what ends soon is only met if looking is quick.
 */
export async function processesInPods(
  others: ReadonlySet<string> = new Set(),
): Promise<readonly (readonly [pid: number, argv: string])[]> {
  const group = `tazpod-kube-${(await readFile(join(kubeFolder, "port"), "utf8")).trim()}`;
  const read = (pid: string, file: string): Promise<string> =>
    readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
  const pids = [...(await processIds())].filter((pid) => !others.has(pid));
  const all = pids.map(async (pid) => [pid, await read(pid, "cmdline"), await read(pid, "cgroup")] as const);
  return (await Promise.all(all))
    .filter(([, argv, groups]) => argv !== "" && groups.includes(group))
    .map(([pid, argv]) => [Number(pid), argv.replaceAll("\0", " ").trimEnd()]);
}

/** The requests of a user that the API server has answered, in order: `create pods/exec 101`. */
export async function requestsOf(user: string): Promise<readonly string[]> {
  const log = join(kubeFolder, "log/audit.log");
  const lines = existsSync(log) ? (await readFile(log, "utf8")).split("\n").filter(Boolean) : [];
  return lines
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter((event) => event.user.username === user)
    .map(({ verb, objectRef, requestURI, responseStatus }) => {
      const resource = [objectRef?.resource, objectRef?.subresource].filter(Boolean).join("/");
      return `${verb} ${resource || requestURI} ${responseStatus?.code ?? ""}`.trim();
    });
}

interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
  readonly responseStatus?: { readonly code: number };
}
