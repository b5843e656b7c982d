import { stringify } from "yaml";
import { clusterOf, type Cluster } from "../engine/kubernetes/cluster.js";
import { neededRights, rightsManifests, type Subject } from "../engine/kubernetes/rights.js";
import { fail, ok, type Result } from "../failure/result.js";
import { printResult, resultsOnTerminal } from "../host/screen.js";
import type { Arguments } from "../run/arguments.js";
import type { StepContext } from "../session/step.js";
import { inVaultProject } from "./in-project.js";

/**
 * `tazpod setup-cluster`: prints the namespace, role and binding that the project needs, and applies them with a yes.
 */
export function setupClusterCommand(args: Arguments): Promise<number> {
  return inVaultProject(args, (context) => setUp(context, args));
}

async function setUp(context: StepContext, { subject: given }: Arguments): Promise<Result<void>> {
  const { kubernetes, ports } = context.project.config;
  const cluster = clusterOf(kubernetes);
  const subject = given === undefined ? await thisUser(cluster) : ok(given);
  if (!subject.ok) return subject;
  const { namespace: named } = kubernetes;
  const place = named === undefined ? await cluster.place() : ok({ namespace: named });
  if (!place.ok) return place;
  const { namespace } = place.value;
  const manifests = rightsManifests(namespace, neededRights(kubernetes, ports), subject.value);
  const yaml = manifests.map((manifest) => stringify(manifest)).join("---\n");
  printResult(yaml.trimEnd());
  const agreed = await isAgreed(context, namespace);
  if (!agreed.ok || !agreed.value) return agreed.ok ? ok(undefined) : agreed;
  return apply(context, cluster, yaml);
}

async function thisUser(cluster: Cluster): Promise<Result<Subject>> {
  const name = await cluster.userName();
  if (!name.ok) return name;
  if (name.value !== undefined) return ok({ kind: "User", name: name.value });
  return fail({
    kind: "usage",
    message: "It is not known who gets the rights: kubectl and the cluster tell it from version 1.28 on.",
    hint: "Name them: --user NAME, --group NAME, or --service-account NAMESPACE:NAME.",
  });
}

async function isAgreed(
  { options, terminal, signal }: StepContext,
  namespace: string,
): Promise<Result<boolean>> {
  if (options.yes === "all") return ok(true);
  if (terminal.interactive && resultsOnTerminal())
    return terminal.confirm(`Apply this to the namespace ${namespace} with kubectl?`, false, signal);
  terminal.print("Nothing was changed. --yes applies it; so does `kubectl apply -f -`.");
  return ok(false);
}

async function apply({ terminal }: StepContext, cluster: Cluster, yaml: string): Promise<Result<void>> {
  const applied = await cluster.apply(yaml);
  if (!applied.ok) return applied;
  const { done, refused } = applied.value;
  for (const line of done.split("\n").filter(Boolean)) terminal.print(`✔ ${line}`);
  if (refused === undefined) return ok(undefined);
  terminal.print("Someone who may give rights in this cluster can apply what is printed above.");
  return fail({ kind: "command-failed", command: ["kubectl", "apply"], code: 1, detail: refused });
}
