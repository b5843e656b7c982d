import { userInfo } from "node:os";

/** The `kubernetes` settings of a project, complete. Quantities are in Kubernetes' own notation. */
export interface KubernetesSettings {
  /** A context of the kubeconfig; kubectl's current one if undefined. */
  readonly context?: string | undefined;
  /** Where the pod is; the context's namespace if undefined. */
  readonly namespace?: string | undefined;
  /** Whose pod it is, so that several people may have one in a namespace; see `ownerOf`. */
  readonly owner?: string | undefined;
  /** The ids and the home of `user` in the image; a pod does not look them up. */
  readonly uid: number;
  readonly gid: number;
  readonly home?: string | undefined;
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
  /** The claim for /workspace; without a size it is an `emptyDir`. */
  readonly workspace: { readonly size?: string | undefined; readonly storageClass?: string | undefined };
  readonly imagePullPolicy: string;
  readonly pullSecrets: readonly string[];
  readonly serviceAccount?: string | undefined;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly object[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Merged into the pod's manifest last. */
  readonly overlay: Readonly<Record<string, unknown>>;
  /** Time in ms until a pod has to be ready. */
  readonly startTimeoutMs: number;
  /** Time in ms after which an idle pod ends; 0 is never. */
  readonly timeToLiveMs: number;
}

/** Returns whose pod it is: by default this host's user, by name or, without one, by uid. */
export function ownerOf({ owner }: Pick<KubernetesSettings, "owner">): string {
  if (owner !== undefined) return owner;
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "");
  }
}

/** Returns the settings that a project gets without any of its own. */
export const defaultSettings = (): KubernetesSettings => ({
  ...{ uid: 1000, gid: 1000, startTimeoutMs: 300_000, timeToLiveMs: 0 },
  ...{ requests: {}, limits: {}, workspace: {}, imagePullPolicy: "IfNotPresent", pullSecrets: [] },
  ...{ nodeSelector: {}, tolerations: [], labels: {}, annotations: {}, overlay: {} },
});
