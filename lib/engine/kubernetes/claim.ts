import { fail, ok, type Result } from "../../failure/result.js";
import type { ContainerSpec } from "../engine.js";
import { lastLine, type RunKubectl } from "./kubectl.js";
import { annotations, dnsName, labels, podIdentity } from "./pod-manifest.js";
import { unexpected } from "./pods.js";
import { type KubernetesSettings, ownerOf } from "./settings.js";

const claimName = (name: string, identity: string): string =>
  `${dnsName(name).slice(0, 40)}-${identity.slice(0, 8)}`;

/** Returns the name of the claim for /workspace, made if it is missing; undefined if none is asked for. */
export async function ensureClaim(
  run: RunKubectl,
  settings: KubernetesSettings,
  { name, project }: ContainerSpec,
): Promise<Result<string | undefined>> {
  const { workspace } = settings;
  if (workspace.size === undefined) return ok(undefined);
  const owner = ownerOf(settings);
  const identity = podIdentity(name, owner);
  const claim = claimName(name, identity);
  const manifest = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: claim,
      labels: { [labels.managedBy]: "tazpod", [labels.pod]: identity },
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
  settings: KubernetesSettings,
  { name }: Pick<ContainerSpec, "name">,
): Promise<Result<void>> {
  if (settings.workspace.size === undefined) return ok(undefined);
  const claim = claimName(name, podIdentity(name, ownerOf(settings)));
  const argv = ["delete", "pvc", claim, "--wait=false", "--ignore-not-found"];
  const done = await run(argv);
  if (!done.ok) return done;
  return done.value.code === 0 ? ok(undefined) : unexpected(argv, done.value);
}
