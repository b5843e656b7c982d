import { ok, type Result } from "../../failure/result.js";
import { parseJson } from "../../host/json.js";
import { kubectlCommand, kubectlRunner } from "./kubectl.js";
import { unexpected } from "./pods.js";
import type { Right } from "./rights.js";
import type { KubernetesSettings } from "./settings.js";

/** What can be asked of a cluster and of kubectl apart from its pods. */
export interface Cluster {
  /** Returns the version of kubectl; the cluster is not asked. */
  kubectlVersion(): Promise<Result<string>>;
  /** Returns the version of the cluster. */
  version(): Promise<Result<string>>;
  /** Returns the server's URL, context and namespace in use; without a kubeconfig only the namespace is defined. */
  place(): Promise<Result<ClusterPlace>>;
  /** Returns whether a namespace exists; undefined if this user may not know. */
  hasNamespace(namespace: string): Promise<Result<boolean | undefined>>;
  /** Returns whether this user has a right in a namespace. */
  allows(right: Right, namespace: string): Promise<Result<boolean>>;
  /** Returns this user's name; undefined if kubectl or the cluster is older than 1.28 and does not tell. */
  userName(): Promise<Result<string | undefined>>;
  /** Applies manifests; returns what was done, a line each, and why not all of it. */
  apply(yaml: string): Promise<Result<{ readonly done: string; readonly refused: string | undefined }>>;
}

interface ClusterPlace {
  readonly server: string | undefined;
  readonly context: string | undefined;
  readonly namespace: string;
}

/** Returns the cluster that these settings name. */
export function clusterOf(settings: KubernetesSettings): Cluster {
  const run = kubectlRunner(kubectlCommand(settings));
  const version = async (of: "clientVersion" | "serverVersion", flags: string[]): Promise<Result<string>> => {
    const argv = ["version", "-o", "json", ...flags];
    const done = await run(argv);
    if (!done.ok) return done;
    const found = (parseJson(done.value.stdout.toString()) ?? {}) as {
      readonly [of in "clientVersion" | "serverVersion"]?: { readonly gitVersion?: string };
    };
    const text = found[of]?.gitVersion;
    return text === undefined ? unexpected(argv, done.value) : ok(text);
  };
  return {
    kubectlVersion: () => version("clientVersion", ["--client"]),
    version: () => version("serverVersion", []),
    async place() {
      const wanted =
        "jsonpath={.clusters[0].cluster.server} {.contexts[0].name} {.contexts[0].context.namespace}";
      const done = await run(["config", "view", "--minify", "-o", wanted]);
      if (!done.ok) return done;
      const found = done.value.code === 0 ? done.value.stdout.toString().split(" ") : [];
      const [server, context, namespace] = found.map((word) => (word === "" ? undefined : word));
      return ok({ server, context, namespace: settings.namespace ?? namespace ?? "default" });
    },
    async hasNamespace(namespace) {
      const argv = ["get", "namespace", namespace, "-o", "name"];
      const done = await run(argv);
      if (!done.ok) return done;
      const { code, stderr } = done.value;
      if (code === 0) return ok(true);
      if (/\(NotFound\)/.test(stderr)) return ok(false);
      return /\(Forbidden\)/.test(stderr) ? ok(undefined) : unexpected(argv, done.value);
    },
    async allows(right, namespace) {
      const { verb, resource, subresource } = right;
      const sub = subresource === undefined ? [] : [`--subresource=${subresource}`];
      const argv = ["auth", "can-i", verb, resource, ...sub, "-n", namespace];
      const done = await run(argv);
      if (!done.ok) return done;
      const answer = /^(yes|no)\b/.exec(done.value.stdout.toString())?.[1];
      return answer === undefined ? unexpected(argv, done.value) : ok(answer === "yes");
    },
    async userName() {
      const done = await run(["auth", "whoami", "-o", "json"]);
      if (!done.ok) return done;
      const review = parseJson(done.value.stdout.toString()) as
        | { readonly status?: { readonly userInfo?: { readonly username?: string } } }
        | undefined;
      return ok(review?.status?.userInfo?.username);
    },
    async apply(yaml) {
      const done = await run(["apply", "-f", "-"], { input: yaml });
      if (!done.ok) return done;
      const { code, stdout, stderr } = done.value;
      return ok({ done: stdout.toString().trimEnd(), refused: code === 0 ? undefined : stderr });
    },
  };
}
