import { fail, ok, type Result } from "../../failure/result.js";
import type { ContainerSpec } from "../engine.js";
import { lastLine, type RunKubectl } from "./kubectl.js";
import { annotations, dnsName, labels, podIdentity } from "./pod-manifest.js";
import type { KubernetesSettings } from "./settings.js";

const claimName = (name: string, owner: string): string =>
  `${dnsName(name).slice(0, 40)}-${podIdentity(name, owner).slice(0, 8)}`;

/** Returns the name of the claim for /workspace, made if it is missing; undefined if none is asked for. */
export async function ensureClaim(
  run: RunKubectl,
  { workspace, owner }: KubernetesSettings,
  { name, project }: ContainerSpec,
): Promise<Result<string | undefined>> {
  if (workspace.size === undefined) return ok(undefined);
  const claim = claimName(name, owner);
  const manifest = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: claim,
      labels: { [labels.managedBy]: "tazpod", [labels.pod]: podIdentity(name, owner) },
      annotations: {
        [annotations.container]: name,
        [annotations.owner]: owner,
        [annotations.project]: project,
      },
    },
    spec: {
      accessModes: ["ReadWriteOnce"],
      ...(workspace.storageClass === undefined ? {} : { storageClassName: workspace.storageClass }),
      resources: { requests: { storage: workspace.size } },
    },
  };
  const done = await run(["create", "-f", "-", "-o", "name"], { input: JSON.stringify(manifest) });
  if (!done.ok) return done;
  if (done.value.code === 0 || /\(AlreadyExists\)/.test(done.value.stderr)) return ok(claim);
  return fail({ kind: "container-start", name, detail: lastLine(done.value.stderr), why: "cluster" });
}

/** Removes the claim, and with it the copy of the project. */
export async function removeClaim(
  run: RunKubectl,
  { workspace, owner }: KubernetesSettings,
  { name }: Pick<ContainerSpec, "name">,
): Promise<Result<void>> {
  if (workspace.size === undefined) return ok(undefined);
  const argv = ["delete", "pvc", claimName(name, owner), "--wait=false", "--ignore-not-found"];
  const done = await run(argv);
  if (!done.ok) return done;
  if (done.value.code === 0) return ok(undefined);
  return fail({
    kind: "command-failed",
    command: ["kubectl", ...argv.slice(0, 3)],
    code: done.value.code,
    detail: done.value.stderr,
  });
}
