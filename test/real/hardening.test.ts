// needs: docker
// time limit: 900 s
import { mkdir, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { Host, quick, removeHosts, run } from "../rig/host.js";
import { withQuickVault } from "../rig/with-vault.js";

// The container's permissions and contents while the vault is open, as the kernel and the engine report them.

test.after(removeHosts);

// built at run time, so that it is in no argument of this test
const planted = Buffer.from("c2VjcmV0LW9mLXRoZS1ob3VzZQ==", "base64").toString();
let host: Host;

interface Inspected {
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Source: string;
    readonly Destination: string;
    readonly RW: boolean;
  }[];
}

async function inspected(): Promise<Inspected> {
  const { stdout } = await run("docker", ["inspect", host.container]);
  return (JSON.parse(stdout) as Inspected[])[0] as Inspected;
}

const status = "grep -E '^(CapEff|CapPrm|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status | tr -d '\\t'";
const confined = `CapPrm:0000000000000000
CapEff:0000000000000000
CapBnd:0000000000000000
CapAmb:0000000000000000
NoNewPrivs:1
Seccomp:2
`;

test.before(async () => {
  host = await withQuickVault(
    "none",
    "mkdir ~/secrets/.aws; echo c2VjcmV0LW9mLXRoZS1ob3VzZQ== | base64 -d | tee ~/secrets/key > ~/secrets/.aws/credentials",
  );
  const opened = await host.run("unlock");
  assert.is(opened.code, 0, opened.stderr);
});

test("no user of the container, including the shell's and root, has a capability or can gain one", async () => {
  assert.is((await host.enter(status)).stdout, confined);
  const opened = await host.run("unlock");
  assert.is(opened.code, 0, opened.stderr);
  for (const user of ["0", "65534"]) assert.is(await host.inside(status, user), confined, user);
  assert.is(await host.inside(status.replace("self", "1")), confined);
});

test("the secrets folder is a noexec tmpfs that no other user, not even root, can list or read", async () => {
  const mount = await host.inside("grep ' /home/tazpod/secrets ' /proc/mounts");
  assert.match(mount, /^tmpfs \S+ tmpfs /);
  const options = mount.split(" ")[3]?.split(",") ?? [];
  for (const option of ["nosuid", "nodev", "noexec", "mode=700", "uid=1000", "gid=1000"])
    assert.ok(options.includes(option), option);
  assert.is(await host.inside("stat -c '%a %u' ~/secrets"), "700 1000\n");
  assert.is(await host.inside("cat ~/.aws/credentials"), planted);
  for (const user of ["0", "65534"])
    for (const words of [
      "ls /home/tazpod/secrets",
      "cat /home/tazpod/secrets/key",
      "cat /home/tazpod/.aws/credentials",
    ]) {
      const seen = await run("docker", ["exec", "--user", user, host.container, ...words.split(" ")]);
      assert.is(seen.stdout, "", `${user}: ${words}`);
      assert.match(seen.stderr, "Permission denied", `${user}: ${words}`);
    }
});

test("opening a vault makes the secrets folder private, even if an engine restart made it accessible to all", async () => {
  const again = await withQuickVault("none");
  await run("docker", ["stop", again.container]);
  const done = await again.enter("stat -c '%a %U' ~/secrets; cat ~/secrets/key");
  assert.is(done.stdout, "700 tazpod\nkept", done.stderr);
});

test("the container sees only the project and the ssh-agent folder of the host", async () => {
  const { HostConfig: has, Mounts: mounts } = await inspected();
  assert.is(has["Privileged"], false);
  assert.equal(has["CapDrop"], ["ALL"]);
  for (const list of ["CapAdd", "Devices", "VolumesFrom", "GroupAdd", "Links", "DeviceRequests"])
    assert.ok(((has[list] ?? []) as unknown[]).length === 0, list);
  assert.equal(has["SecurityOpt"], ["no-new-privileges"]);
  assert.is(has["NetworkMode"], "bridge");
  for (const space of ["PidMode", "UTSMode", "UsernsMode"]) assert.is(has[space], "", space);
  assert.is.not(has["IpcMode"], "host");
  assert.equal(has["PortBindings"], {});
  assert.equal(
    mounts.map(({ Type, Source, Destination, RW }) => [Type, Source, Destination, RW]).sort(),
    [
      ["bind", host.folder, "/workspace", true],
      ["bind", host.path(".tazpod"), "/workspace/.tazpod", false],
      ["tmpfs", "", "/workspace/.tazpod/vault", false],
      ["bind", host.state("ssh"), "/run/tazpod", false],
    ].sort(),
  );
});

/** The places where the planted secret occurs in what the engine reports and stores about the container. */
async function leaks(): Promise<string> {
  const out = await newFolder("engine");
  const told = await run("sh", [
    "-c",
    `docker inspect "$0" > "$1/inspect" && docker logs "$0" > "$1/logs" 2>&1 && docker diff "$0" > "$1/diff" && docker export "$0" > "$1/export.tar" && mkdir "$1/export" && tar -xf "$1/export.tar" -C "$1/export" --exclude='dev/*'`,
    host.container,
    out,
  ]);
  assert.is(told.code, 0, told.stderr);
  const names = await run("tar", ["-tf", `${out}/export.tar`]);
  assert.match(names.stdout, "home/tazpod/");
  assert.not.match(names.stdout, "secrets/.");
  return (await run("grep", ["-r", "-l", "-a", "-F", "-f", "-", out], { input: `${planted}\n` })).stdout;
}

test("a secret of the open vault is in nothing that the engine reports, stores or exports, and not after the lock either", async () => {
  assert.is(await leaks(), "");
  assert.match((await run("docker", ["diff", host.container])).stdout, "A /home/tazpod/.aws\n");
  const locked = await host.run("lock");
  assert.is(locked.code, 0, locked.stderr);
  assert.is(await leaks(), "");
  assert.not.match((await run("docker", ["diff", host.container])).stdout, ".aws");
});

test("settings add exactly what they name: ports on this host only, mounts, and variables of the shell, not the container", async () => {
  const data = await newFolder("data");
  await writeFile(`${data}/here`, "yes\n", { mode: 0o644 });
  await run("chmod", ["755", data]);
  const port = 20_000 + (process.pid % 10_000);
  const settings = `${quick}ssh: none\nports: ["${port}:8099"]\nmounts: [{ source: ${data}, target: /srv/data, read_only: true }, { source: more, target: /srv/more }]\nenv: { GREETING: "a = b\\n\\"c\\"", LC_ALL: C, COUNT: 3 }\n`;
  await host.configure("none", settings);
  const missing = await host.run("recreate-container");
  assert.is(missing.code, 3, missing.stderr);
  assert.match(missing.stderr, `\`mounts\` in .tazpod/config.yaml: there is no ${host.path("more")}.`);
  await mkdir(host.path("more"));
  Object.assign(host.env, {
    LANG: "it_IT.UTF-8",
    TZ: "Europe/Rome",
    LC_ALL: "it_IT.UTF-8",
    LC_MONETARY: "x\n=y",
  });
  await run("git", ["init", "-q", host.folder]);
  await run("git", ["-C", host.folder, "config", "user.name", "Ada \"=\n' $(id)"]);
  await run("git", ["-C", host.folder, "config", "user.email", "ada@example.org"]);
  const words = [
    "GREETING",
    "COUNT",
    "LANG",
    "LC_ALL",
    "LC_MONETARY",
    "TZ",
    "GIT_AUTHOR_NAME",
    "GIT_COMMITTER_EMAIL",
  ];
  const done = await host.enter(
    `for v in ${words.join(" ")}; do eval "printf '%s;' \\"\\$$v\\""; done; cat /srv/data/here; touch /srv/data/x 2>/dev/null || echo read-only; ls -d /srv/more`,
  );
  assert.is(done.code, 0, done.stderr);
  assert.is(
    done.stdout,
    `a = b\n"c";3;it_IT.UTF-8;C;x\n=y;Europe/Rome;Ada "=\n' $(id);ada@example.org;yes\nread-only\n/srv/more\n`,
  );
  const { HostConfig: has, Mounts: mounts } = await inspected();
  assert.equal(has["PortBindings"], { "8099/tcp": [{ HostIp: "127.0.0.1", HostPort: String(port) }] });
  assert.equal(
    mounts.map(({ Source, RW }) => [Source, RW]).sort(),
    [
      ["", false],
      [data, false],
      [host.folder, true],
      [host.path(".tazpod"), false],
      [host.path("more"), true],
    ].sort(),
  );
  assert.not.match((await run("docker", ["inspect", host.container])).stdout, /GREETING|ada@|Rome/);
  await host.configure("none", settings.replace("COUNT: 3", "COUNT: 4"));
  const current = await host.tazpod("status");
  assert.match(current.stdout, /= container-current/);
  await host.configure("none", settings.replace("8099", "8098"));
  assert.match((await host.tazpod("status")).stdout, /- container-current/);
});

test("a mount over the secrets folder is refused before anything is created", async () => {
  const other = await Host.make({
    remote: "none",
    more: `${quick}mounts: [{ source: ., target: /home/tazpod/secrets/in }]\n`,
  });
  const refused = await other.enter("true");
  assert.is(refused.code, 3, refused.stderr);
  assert.match(
    refused.stderr,
    "the target /home/tazpod/secrets/in overlaps the RAM folder, /home/tazpod/secrets.",
  );
  assert.is.not((await run("docker", ["inspect", other.container])).code, 0);
});

test.run();
