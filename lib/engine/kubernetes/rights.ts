import { dnsName, podIdentity } from "./pod-manifest.js";
import type { KubernetesSettings } from "./settings.js";

/** Who gets the rights. */
export interface Subject {
  readonly kind: "User" | "Group" | "ServiceAccount";
  readonly name: string;
  /** Of a service account. */
  readonly namespace?: string;
}

/** Something that tazpod does in its namespace. */
export interface Right {
  readonly verb: string;
  readonly resource: string;
  readonly subresource?: string;
  /** `enter` does not get to its shell without it. */
  readonly stopsEnter: boolean;
}

/** Returns every right that these settings need, and no other. `ports` are those of the project. */
export function neededRights({ workspace }: KubernetesSettings, ports: readonly string[]): Right[] {
  const claims = { resource: "persistentvolumeclaims" };
  return [
    ...["get", "list", "create"].map((verb) => ({ verb, resource: "pods", stopsEnter: true })),
    { verb: "delete", resource: "pods", stopsEnter: false },
    { verb: "create", resource: "pods", subresource: "exec", stopsEnter: true },
    ...(ports.length === 0
      ? []
      : [{ verb: "create", resource: "pods", subresource: "portforward", stopsEnter: false }]),
    ...(workspace.size === undefined
      ? []
      : [
          { ...claims, verb: "create", stopsEnter: true },
          { ...claims, verb: "delete", stopsEnter: false },
        ]),
  ];
}

/** Returns how Kubernetes names a right's resource: `pods/exec`. */
export const resourceOf = ({ resource, subresource }: Right): string =>
  [resource, subresource].filter(Boolean).join("/");

const group = "rbac.authorization.k8s.io";

/**
 * Returns the manifests that give rights in a namespace: Namespace, Role and RoleBinding. The role is named after what it
 * allows, and the binding after its subject, so applying them takes nothing from other projects or people.
 */
export function rightsManifests(
  namespace: string,
  rights: readonly Right[],
  subject: Subject,
): readonly object[] {
  const resources = [...new Set(rights.map(resourceOf))];
  const extras = [
    ["pods/portforward", "ports"],
    ["persistentvolumeclaims", "claims"],
  ].flatMap(([resource = "", word = ""]) => (resources.includes(resource) ? [word] : []));
  const role = ["tazpod", ...extras].join("-");
  const hash = podIdentity(subject.name, `${subject.kind} ${subject.namespace ?? ""}`).slice(0, 8);
  const isOther = subject.kind !== "ServiceAccount";
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    {
      ...{ apiVersion: `${group}/v1`, kind: "Role", metadata: { name: role, namespace } },
      rules: resources.map((resource) => ({
        apiGroups: [""],
        resources: [resource],
        verbs: rights.filter((right) => resourceOf(right) === resource).map(({ verb }) => verb),
      })),
    },
    {
      ...{ apiVersion: `${group}/v1`, kind: "RoleBinding" },
      metadata: { name: `${role}-${dnsName(subject.name)}-${hash}`, namespace },
      roleRef: { apiGroup: group, kind: "Role", name: role },
      subjects: [isOther ? { apiGroup: group, ...subject } : { ...subject }],
    },
  ];
}
