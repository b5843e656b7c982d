import { configuredEngine } from "../../engine/choose-engine.js";
import { clusterOf } from "../../engine/kubernetes/cluster.js";
import { neededRights, resourceOf, type Right } from "../../engine/kubernetes/rights.js";
import { type Check, type CheckOutcome, type DoctorContext, fromFailure, good, unknown } from "./check.js";

/** Longer than kubectl's own time limit, whose message says more. */
const limitMs = 25_000;

const setUp = "`tazpod setup-cluster` prints what is missing, for someone who may apply it.";

/** Returns the checks of kubectl and the cluster; none for a project with another engine. */
export function clusterChecks({ project, engine }: DoctorContext): Check[] {
  const { kubernetes, ports, engine: setting } = project.config;
  const choice = configuredEngine(setting, process.env);
  if (!choice.ok || choice.value !== "kubernetes") return [];
  const cluster = clusterOf(kubernetes);
  /** Runs a check of a cluster that answers, in the namespace in use. */
  const inNamespace = (name: string, judge: (namespace: string) => Promise<CheckOutcome>): Check => ({
    name,
    limitMs,
    async run() {
      if (!(await engine()).ok) return unknown("not checked: the cluster does not answer");
      const place = await cluster.place();
      return place.ok ? judge(place.value.namespace) : fromFailure(place.failure);
    },
  });
  return [
    {
      name: "kubectl",
      limitMs,
      async run() {
        const [version, place] = await Promise.all([cluster.kubectlVersion(), cluster.place()]);
        if (!version.ok) return fromFailure(version.failure);
        if (!place.ok) return fromFailure(place.failure);
        const { context } = place.value;
        return good(`${version.value}, ${context === undefined ? "no context" : `context ${context}`}`);
      },
    },
    inNamespace("namespace", async (namespace) => {
      const found = await cluster.hasNamespace(namespace);
      if (!found.ok) return fromFailure(found.failure);
      if (found.value === false)
        return { verdict: "stops", reason: `there is no namespace ${namespace}`, todo: setUp };
      return good(found.value ? namespace : `${namespace}; this user may not see whether it exists`);
    }),
    inNamespace("rights", async (namespace) => {
      const rights = neededRights(kubernetes, ports);
      const answers = await Promise.all(rights.map((right) => cluster.allows(right, namespace)));
      const failed = answers.find((answer) => !answer.ok);
      if (failed?.ok === false) return fromFailure(failed.failure, "unknown");
      return judgeRights(
        namespace,
        rights.filter((_, index) => !isYes(answers[index])),
      );
    }),
  ];
}

const isYes = (answer: { readonly ok: boolean; readonly value?: boolean } | undefined): boolean =>
  answer?.value === true;

function judgeRights(namespace: string, missing: readonly Right[]): CheckOutcome {
  if (missing.length === 0) return good(`everything that this project needs in ${namespace}`);
  return {
    verdict: missing.some(({ stopsEnter }) => stopsEnter) ? "stops" : "warning",
    reason: `missing in ${namespace}: ${missing.map((right) => `${right.verb} ${resourceOf(right)}`).join(", ")}`,
    todo: setUp,
  };
}
