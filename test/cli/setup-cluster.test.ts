import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseAllDocuments } from "yaml";
import { newFolder } from "../rig/folder.js";
import { type Ended, Host } from "../rig/host.js";

// What is printed, where no cluster is asked.

const lab = "engine: kubernetes\nkubernetes: { namespace: lab }\n";

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
  readonly roleRef?: { readonly name: string };
  readonly subjects?: readonly unknown[];
}

async function setUp(more: string, args: readonly string[], kubectl = "/nowhere/kubectl"): Promise<Ended> {
  const host = await Host.make({ remote: "none", more });
  host.env["TAZPOD_KUBECTL"] = kubectl;
  return host.tazpod("setup-cluster", ...args);
}

async function printed(
  more: string,
  ...args: readonly string[]
): Promise<{ namespace: Manifest; role: Manifest; binding: Manifest }> {
  const done = await setUp(more, args);
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stderr, "Nothing was changed. --yes applies it; so does `kubectl apply -f -`.\n");
  const all = parseAllDocuments(done.stdout).map((document) => document.toJS() as Manifest);
  const kinds = all.map(({ kind }) => kind);
  assert.equal(kinds, ["Namespace", "Role", "RoleBinding"]);
  const [namespace, role, binding] = all as [Manifest, Manifest, Manifest];
  assert.is(binding.roleRef?.name, role.metadata.name);
  assert.equal([role.metadata.namespace, binding.metadata.namespace], ["lab", "lab"]);
  return { namespace, role, binding };
}

const rights = ({ rules = [] }: Manifest): string[] =>
  rules.map(({ resources, verbs }) => `${resources.join(" ")}: ${verbs.join(" ")}`);

test("without ports and a claim the role has the least rights", async () => {
  const { namespace, role } = await printed(lab, "--user", "jane");
  assert.is(namespace.metadata.name, "lab");
  assert.is(role.metadata.name, "tazpod");
  assert.equal(rights(role), ["pods: get list create delete", "pods/exec: create"]);
});

test("ports and a claim each add what they need, in a role with another name", async () => {
  const settings = `engine: kubernetes\nports: [8080]\nkubernetes: { namespace: lab, workspace: { size: 1Gi } }\n`;
  const { role } = await printed(settings, "--user", "jane");
  assert.is(role.metadata.name, "tazpod-ports-claims");
  assert.equal(rights(role), [
    "pods: get list create delete",
    "pods/exec: create",
    "pods/portforward: create",
    "persistentvolumeclaims: create delete",
  ]);
});

test("the rights go to a user, a group or a service account, each in a binding of its own", async () => {
  const apiGroup = "rbac.authorization.k8s.io";
  const names = new Set<string>();
  for (const [args, subject] of [
    [["--user", "oidc:jane@example.com"], { apiGroup, kind: "User", name: "oidc:jane@example.com" }],
    [["--group", "team/a"], { apiGroup, kind: "Group", name: "team/a" }],
    [["--group", "team-a"], { apiGroup, kind: "Group", name: "team-a" }],
    [["--user", "team-a"], { apiGroup, kind: "User", name: "team-a" }],
    [["--service-account", "ci:builder"], { kind: "ServiceAccount", name: "builder", namespace: "ci" }],
    [["--service-account", "cd:builder"], { kind: "ServiceAccount", name: "builder", namespace: "cd" }],
  ] as const) {
    const { binding } = await printed(lab, ...args);
    assert.equal(binding.subjects, [subject]);
    assert.match(binding.metadata.name, /^[a-z0-9-]+$/);
    names.add(binding.metadata.name);
  }
  assert.is(names.size, 6);
});

test("subjects that cannot be read are refused", async () => {
  for (const [args, said] of [
    [["--service-account", "builder"], /--service-account takes NAMESPACE:NAME, not "builder"\./],
    [["--service-account", "a:b:c"], /NAMESPACE:NAME/],
    [["--user", " "], /--user takes a name, not " "\./],
    [["--group", ""], /--group takes a name, not ""\./],
    [["--user", "a", "--group", "b"], /exclude each other\.\n.*setup-cluster --help/],
  ] as const) {
    const done = await setUp(lab, args);
    assert.equal([done.code, done.stdout], [2, ""]);
    assert.match(done.stderr, said);
  }
});

/** Writes a kubectl that answers every question with this text. */
async function answering(text: string): Promise<string> {
  const program = join(await newFolder("kubectl"), "kubectl");
  await writeFile(program, `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`);
  await chmod(program, 0o755);
  return program;
}

test("without a name the rights go to the user that the cluster names", async () => {
  const review = { kind: "SelfSubjectReview", status: { userInfo: { username: "jane" } } };
  const done = await setUp(lab, [], await answering(JSON.stringify(review)));
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stdout, /kind: User\n +name: jane\n$/);
});

test("a name is asked for where kubectl or the cluster does not tell it", async () => {
  const done = await setUp(lab, [], await answering("Available commands: can-i, reconcile"));
  assert.equal([done.code, done.stdout], [2, ""]);
  assert.match(done.stderr, /not known who gets the rights.*\n.*--user NAME, --group NAME/);
});

test("without kubectl and without a name, the message names kubectl as missing", async () => {
  const done = await setUp(lab, []);
  assert.is(done.stdout, "");
  assert.match(done.stderr, /kubectl is not installed/);
});

test.run();
