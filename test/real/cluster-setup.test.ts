// needs: kubernetes
// time limit: 300 s

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { DoctorJson } from "../../lib/cli/doctor/doctor.js";
import { Host, podSettings } from "../rig/host.js";
import { adminConfig, kubectl, kubectlPrograms, newNamespace, removeNamespaces } from "../rig/kubernetes.js";

// The rights that `setup-cluster` gives, and what the doctor says without them.

test.after(removeNamespaces);

/** A project whose user has these rights in a namespace of its own, and how an administrator runs tazpod in it. */
async function newProject(
  rules: Parameters<typeof newNamespace>[0],
  more = "",
): Promise<{ host: Host; namespace: string; asAdmin: <T>(work: () => Promise<T>) => Promise<T> }> {
  const space = await newNamespace(rules);
  const settings = `kubernetes: { namespace: ${space.name}, ${podSettings} }\n`;
  const host = await Host.make({ remote: "none", more: `engine: kubernetes\n${settings}${more}` });
  const own = await space.kubeconfig();
  Object.assign(host.env, {
    TAZPOD_ENGINE: "kubernetes",
    TAZPOD_KUBECTL: kubectlPrograms[0],
    KUBECONFIG: own,
  });
  return {
    host,
    namespace: space.name,
    async asAdmin(work) {
      host.env["KUBECONFIG"] = adminConfig;
      const done = await work();
      host.env["KUBECONFIG"] = own;
      return done;
    },
  };
}

async function examined(host: Host): Promise<Readonly<Record<string, DoctorJson["findings"][number]>>> {
  const done = await host.tazpod("doctor", "--json");
  const { findings } = JSON.parse(done.stdout) as DoctorJson;
  return Object.fromEntries(findings.map((finding) => [finding.check, finding]));
}

test("a user without rights gets what enter needs, and no more", async () => {
  const { host, namespace, asAdmin } = await newProject([]);
  const before = await examined(host);
  assert.is(before["rights"]?.verdict, "stops");
  assert.is(
    before["rights"]?.reason,
    `missing in ${namespace}: get pods, list pods, create pods, delete pods, create pods/exec`,
  );
  assert.match(before["rights"]?.todo ?? "", "tazpod setup-cluster");
  assert.match(before["namespace"]?.reason ?? "", /may not see whether it exists/);
  const refused = await host.enter("true");
  assert.match(refused.stderr, /The cluster does not allow this[\s\S]*tazpod setup-cluster/);

  const subject = ["--service-account", `${namespace}:visitor`];
  const given = await asAdmin(() => host.tazpod("setup-cluster", ...subject, "--yes"));
  assert.is(given.code, 0, given.stderr);
  assert.match(given.stderr, /^✔ role\.\S+\/tazpod created$/m);
  const after = await examined(host);
  for (const check of ["engine", "kubectl", "namespace", "rights", "container"])
    assert.is(after[check]?.verdict, "good", JSON.stringify(after[check]));
  const entered = await host.enter("echo entered");
  assert.equal([entered.code, entered.stdout], [0, "entered\n"], entered.stderr);
  assert.is((await host.run("down")).code, 0);

  const again = await asAdmin(() => host.tazpod("setup-cluster", ...subject, "--yes"));
  assert.match(again.stderr, /^✔ role\.\S+\/tazpod unchanged$/m);
});

test("a right that enter can do without is a warning", async () => {
  const rules = [
    { resources: ["pods"], verbs: ["get", "list", "create", "delete"] },
    { resources: ["pods/exec"], verbs: ["create"] },
  ];
  const { host, namespace } = await newProject(rules, "ports: [8080]\n");
  const { rights } = await examined(host);
  assert.equal(
    [rights?.verdict, rights?.reason],
    ["warning", `missing in ${namespace}: create pods/portforward`],
  );
});

test("someone who may not give rights is refused, with kubectl's reason", async () => {
  const { host } = await newProject([]);
  const done = await host.tazpod("setup-cluster", "--user", "jane", "--yes");
  assert.is(done.code, 1, done.stderr);
  assert.match(done.stdout, /^kind: RoleBinding$/m);
  assert.match(done.stderr, /Someone who may give rights/);
  assert.match(done.stderr, /`kubectl apply` .*forbidden/s);
});

test("a namespace that does not exist stops enter, and setup-cluster makes it", async () => {
  const { host, namespace, asAdmin } = await newProject([]);
  const name = `${namespace}-new`;
  await host.configure("none", `engine: kubernetes\nkubernetes: { namespace: ${name} }\n`);
  await asAdmin(async () => {
    const found = await examined(host);
    assert.equal(
      [found["namespace"]?.verdict, found["namespace"]?.reason],
      ["stops", `there is no namespace ${name}`],
    );
    const made = await host.tazpod("setup-cluster", "--user", "jane", "--yes");
    assert.match(made.stderr, `✔ namespace/${name} created\n`);
    assert.is((await examined(host))["namespace"]?.verdict, "good");
    await kubectl(["delete", "namespace", name, "--wait=false"]);
  });
});

test("a cluster that does not answer, and a context that does not exist, are reported once each", async () => {
  const { host } = await newProject([]);
  const settings = (context: string): string => `engine: kubernetes\nkubernetes: { context: ${context} }\n`;
  await host.configure("none", settings("nope"));
  const wrong = await examined(host);
  assert.is(wrong["engine"]?.verdict, "stops");
  assert.match(wrong["engine"]?.reason ?? "", /no usable configuration/);
  assert.is(wrong["rights"]?.verdict, "unknown");
  host.env["TAZPOD_KUBECTL"] = "/nowhere/kubectl";
  const missing = await examined(host);
  assert.match(missing["kubectl"]?.reason ?? "", /kubectl is not installed/);
});

test.run();
