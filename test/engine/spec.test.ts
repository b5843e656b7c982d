import { test } from "uvu";
import * as assert from "uvu/assert";
import { foreignContainer, whyOutdated } from "../../lib/engine/container.js";
import { secretsFolder } from "../../lib/engine/container-paths.js";
import { createArguments, helperArguments } from "../../lib/engine/oci/create-arguments.js";
import { mountProblem, specHash } from "../../lib/engine/spec.js";
import type { ContainerSpec, ContainerState } from "../../lib/engine/engine.js";

const spec: ContainerSpec = {
  name: "lab-lab",
  project: "/srv/my lab",
  image: "busybox",
  user: "tazpod",
  secretsBytes: 64 * 1024 * 1024,
  network: "bridge",
  ports: [],
  mounts: [],
};
const user = { uid: 1000, gid: 1000, home: "/home/tazpod" };

function running(change: Partial<Exclude<ContainerState, { state: "absent" }>> = {}): ContainerState {
  const given = {
    state: "running",
    reported: "running",
    id: "1",
    startedAt: "t",
    owner: spec.project,
    specHash: specHash(spec),
    imageId: "sha256:1",
    home: user.home,
  } as const;
  return { ...given, ...change };
}

test("a container has no capabilities, privileges or host network, and only the project of the host", () => {
  const argv = createArguments(spec, user);
  for (const word of ["--privileged", "--cap-add", "host", "--pid", "--ipc", "--volume", "-v"])
    assert.not.ok(argv.includes(word), word);
  assert.is(argv[argv.indexOf("--cap-drop") + 1], "ALL");
  const mounts = argv.flatMap((word, index) => (word === "--mount" ? [argv[index + 1] ?? ""] : []));
  assert.is(mounts.length, 3, mounts.join("\n"));
  assert.match(mounts[0] ?? "", /target=\/workspace$/);
  // tazpod's own folder is read-only, and the vault is hidden
  assert.match(mounts[1] ?? "", /\.tazpod,target=\/workspace\/\.tazpod,readonly$/);
  assert.is(mounts[2], "type=tmpfs,target=/workspace/.tazpod/vault,tmpfs-size=4096,tmpfs-mode=0555,ro");
  assert.ok(argv.includes("no-new-privileges"));
});

test("the RAM folder is a private tmpfs, mounted noexec", () => {
  const tmpfs = createArguments(spec, user).find((word) => word.startsWith("/home/tazpod/secrets:"));
  assert.is(tmpfs, "/home/tazpod/secrets:rw,nosuid,nodev,noexec,size=67108864,mode=0700,uid=1000,gid=1000");
});

test("processes are limited by default, and memory on request, without swap", () => {
  const argv = createArguments(spec, user);
  assert.is(argv[argv.indexOf("--pids-limit") + 1], "4096");
  assert.not.ok(argv.includes("--memory"));
  const limited = createArguments({ ...spec, processes: 100, memoryBytes: 2 ** 30 }, user);
  const value = (flag: string): string | undefined => limited[limited.indexOf(flag) + 1];
  assert.equal(["--pids-limit", "--memory", "--memory-swap"].map(value), ["100", "1073741824", "1073741824"]);
});

test("a helper container is removed at its end, and has the same limits but no ports", () => {
  const argv = helperArguments({ ...spec, ports: ["127.0.0.1:1:1/tcp"] }, user, "owner");
  assert.equal(argv.slice(0, 2), ["run", "--rm"]);
  assert.not.ok(argv.includes("--publish"));
  assert.is(argv[argv.indexOf("--cap-drop") + 1], "ALL");
  assert.ok(argv.includes("no-new-privileges"));
  // podman sends it first, and waits ten seconds for a process that ignores it
  assert.is(argv[argv.indexOf("--stop-signal") + 1], "KILL");
});

test("the proxies of docker's client are no settings of the container", () => {
  const argv = createArguments(spec, user);
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"])
    for (const one of [name, name.toLowerCase()]) assert.ok(argv.includes(`${one}=`), one);
});

test("a mount that becomes writable changes the hash of a spec, and so does the network", () => {
  const mount = { source: "/a", target: "/b", readOnly: true };
  const before = specHash({ ...spec, mounts: [mount] });
  assert.is.not(specHash({ ...spec, mounts: [{ ...mount, readOnly: false }] }), before);
  assert.is.not(specHash({ ...spec, mounts: [mount], network: "none" }), before);
});

test("unset limits do not change the hash of a spec; a limit does", () => {
  const hashes = [spec, { ...spec, processes: 100 }, { ...spec, memoryBytes: 100 }].map(specHash);
  assert.is(new Set(hashes).size, 3);
  assert.is(specHash({ ...spec, workspace: "mount" }), hashes[0]);
});

test("a path with colons, spaces, commas, quotes and line ends stays one mount", () => {
  const mount = (project: string): string | undefined => {
    const argv = createArguments({ ...spec, project }, user);
    return argv[argv.indexOf("--mount") + 1];
  };
  assert.is(mount("/a b:c"), "type=bind,source=/a b:c,target=/workspace");
  assert.is(mount("/a\nb"), 'type=bind,"source=/a\nb",target=/workspace');
  assert.is(mount('/a,"b'), 'type=bind,"source=/a,""b",target=/workspace');
});

test("~/.ssh is mounted only when asked for, and read-only", () => {
  const argv = createArguments({ ...spec, sshFolder: "/root/.ssh" }, user);
  assert.ok(argv.includes("type=bind,source=/root/.ssh,target=/home/tazpod/.ssh,readonly"));
});

test("the ssh-agent's folder, the configured mounts and the ports are in the arguments", () => {
  const mounts = [{ source: "/data", target: "/srv/data", readOnly: true }];
  const argv = createArguments(
    { ...spec, mounts, agentFolder: "/p/ssh", ports: ["127.0.0.1:8080:80/tcp"] },
    user,
  );
  assert.ok(argv.includes("type=bind,source=/data,target=/srv/data,readonly"));
  assert.ok(argv.includes("type=bind,source=/p/ssh,target=/run/tazpod,readonly"));
  assert.is(argv[argv.indexOf("--publish") + 1], "127.0.0.1:8080:80/tcp");
});

test("root keeps the capabilities for other users' files only if the shell runs as root", () => {
  const argv = createArguments(spec, { uid: 0, gid: 0, home: "/root" });
  const kept = argv.filter((_, index) => argv[index - 1] === "--cap-add");
  assert.equal(kept, ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]);
});

test("a mount at, above or below the RAM folder is refused, and so is a second mount with the same target", () => {
  const at = (...targets: string[]): string | undefined =>
    mountProblem(
      { ...spec, mounts: targets.map((target) => ({ source: "/x", target, readOnly: false })) },
      user,
    );
  for (const target of ["/home", "/home/tazpod", "/home/tazpod/secrets", "/home/tazpod/secrets/a"])
    assert.match(at(target) ?? "", "overlaps the RAM folder");
  assert.match(at("/workspace") ?? "", "two mounts have the target /workspace");
  assert.match(at("/srv", "/srv") ?? "", "two mounts have the target /srv");
  for (const target of ["/home/tazpod/secrets2", "/home/taz", "/workspace/deep"])
    assert.is(at(target), undefined);
});

test("with a copy of the project the volume is mounted at /workspace, and nothing of the host", () => {
  const copied = { ...spec, workspace: "copy" } as const;
  const argv = createArguments(copied, user, undefined, { name: "lab-lab-workspace", id: "an-id" });
  const mounts = argv.filter((_, index) => argv[index - 1] === "--mount");
  assert.equal(mounts, ["type=volume,source=lab-lab-workspace,target=/workspace"]);
  assert.ok(argv.includes("tazpod.workspace=an-id"));
  assert.is.not(specHash(copied), specHash(spec));
  assert.is(specHash({ ...spec, workspace: "mount" }), specHash(spec));
  assert.match(mountProblem(copied, { ...user, home: "/workspace" }) ?? "", "overlaps the RAM folder");
});

test("the RAM folder also exists for root and for images without a home", () => {
  assert.is(secretsFolder("/root"), "/root/secrets");
  assert.is(secretsFolder("/"), "/secrets");
});

test("a container of the same name that belongs to another project, or not to tazpod, is refused", () => {
  assert.is(foreignContainer({ state: "absent" }, spec, "docker"), undefined);
  assert.is(foreignContainer(running(), spec, "docker"), undefined);
  assert.is(foreignContainer(running({ owner: "/srv/other" }), spec, "docker")?.kind, "container-foreign");
  assert.is(foreignContainer(running({ owner: undefined }), spec, "docker")?.kind, "container-foreign");
});

test("a changed setting or a newer image makes a container outdated; a missing image does not", () => {
  assert.is(whyOutdated(running(), spec, "sha256:1"), undefined);
  assert.is(whyOutdated(running(), spec, undefined), undefined);
  assert.match(
    whyOutdated(running(), { ...spec, image: "debian" }, "sha256:1") ?? "",
    "settings have changed",
  );
  assert.match(
    whyOutdated(running(), { ...spec, network: "none" }, "sha256:1") ?? "",
    "settings have changed",
  );
  const mounts = [{ source: "/data", target: "/data", readOnly: true }];
  for (const change of [
    { ports: ["127.0.0.1:1:1/tcp"] },
    { mounts },
    { mounts: mounts.map((mount) => ({ ...mount, readOnly: false })) },
    { agentFolder: "/p/ssh" },
    { sshFolder: "/p/ssh" },
  ])
    assert.is.not(specHash({ ...spec, ...change }), specHash(spec));
  assert.is.not(specHash({ ...spec, sshFolder: "/p" }), specHash({ ...spec, agentFolder: "/p" }));
  assert.match(whyOutdated(running(), spec, "sha256:2") ?? "", "the local busybox is newer");
});

test.run();
