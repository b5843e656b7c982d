import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { newFolder } from "./folder.js";
import { run, testImage } from "./host.js";
import { repository } from "./root.js";
import { until } from "./until.js";

/** A second Docker that is reachable only through sshd. */
export interface FarDocker {
  /** `ssh://...` */
  readonly address: string;
  /** The environment `docker` needs to reach it. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs `docker` on the other side, without ssh. */
  docker(...args: string[]): ReturnType<typeof run>;
  end(): Promise<void>;
}

const service = (name: string): string => `${repository}test/services/${name}.sh`;

/** Starts both, with their own keys, and copies the test image there. */
export async function farDocker(): Promise<FarDocker> {
  const folder = await newFolder("far");
  // `--bridge none` would remove the other daemon's bridge
  const up = await run(service("dockerd"), ["up", join(folder, "dockerd"), "apart"]);
  if (up.code !== 0) throw new Error(up.stderr);
  const socket = up.stdout.trim();
  const image = await run(`${repository}images/test-image.sh`, [testImage], { env: { DOCKER_HOST: socket } });
  if (image.code !== 0) throw new Error(image.stderr);
  const port = await freePort();
  const sshd = await startSshd(folder, port, socket);
  const path = await sshOnPath(folder, port);
  return {
    address: `ssh://root@127.0.0.1:${port}`,
    env: { PATH: `${path}${delimiter}${process.env["PATH"] ?? ""}` },
    docker: (...args) => run("docker", ["-H", socket, ...args]),
    async end() {
      await run(join(path, "ssh"), ["-O", "exit", "-p", String(port), "root@127.0.0.1"]);
      sshd.kill();
      await run(service("dockerd"), ["down", join(folder, "dockerd")]);
    },
  };
}

async function startSshd(folder: string, port: number, socket: string): Promise<ChildProcess> {
  for (const name of ["host", "user"])
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, name)]);
  await writeFile(join(folder, "authorized_keys"), await readFile(join(folder, "user.pub")), { mode: 0o600 });
  const lines = [
    ...[`Port ${port}`, "ListenAddress 127.0.0.1", `HostKey ${folder}/host`, `PidFile ${folder}/sshd.pid`],
    ...[`AuthorizedKeysFile ${folder}/authorized_keys`, "StrictModes no", "UsePAM no", "PermitRootLogin yes"],
    // the other side finds its own engine
    ...["PasswordAuthentication no", "MaxStartups 100", `SetEnv DOCKER_HOST=${socket}`],
  ];
  await writeFile(join(folder, "sshd_config"), `${lines.join("\n")}\n`);
  await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const { stdout } = await run("sh", ["-c", "command -v sshd"]);
  // sshd must be started by its absolute path
  const sshd = spawn(stdout.trim(), ["-D", "-e", "-f", join(folder, "sshd_config")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  sshd.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  await until(async () => said.includes("listening on") || sshd.exitCode !== null);
  if (sshd.exitCode !== null) throw new Error(said);
  return sshd;
}

/** ssh ignores HOME, so `docker` finds a wrapper that tells ssh where its settings are. */
async function sshOnPath(folder: string, port: number): Promise<string> {
  const key = (await readFile(join(folder, "host.pub"), "utf8")).trim();
  await writeFile(join(folder, "known_hosts"), `[127.0.0.1]:${port} ${key}\n`);
  const settings = [
    `IdentityFile ${folder}/user`,
    "IdentitiesOnly yes",
    `UserKnownHostsFile ${folder}/known_hosts`,
  ];
  // as Docker advises, connections share the first one
  const kept = ["ControlMaster auto", `ControlPath ${folder}/kept-%p`, "ControlPersist 60"];
  await writeFile(join(folder, "ssh_config"), `${[...settings, ...kept, "LogLevel ERROR"].join("\n")}\n`);
  const { stdout } = await run("sh", ["-c", "command -v ssh"]);
  const bin = join(folder, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "ssh"), `#!/bin/sh\nexec ${stdout.trim()} -F ${folder}/ssh_config "$@"\n`);
  await chmod(join(bin, "ssh"), 0o755);
  return bin;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
