import { chmod, chown, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { testWith } from "../rig/needing.js";
import { requestSecret, serveSecret } from "../../lib/host/secret-socket.js";
import { take } from "../../lib/failure/result.js";
import { Secret } from "../../lib/host/secret.js";
import { newFolder } from "../rig/folder.js";
import { run } from "../rig/host.js";

async function served(give: () => Promise<Secret | undefined>): Promise<{ path: string; end: () => void }> {
  const folder = join(await newFolder("sockets"), "agent");
  await mkdir(folder, { mode: 0o700 });
  const path = join(folder, "1.sock");
  return { path, end: take(await serveSecret(path, give)) };
}

const words = (): Promise<Secret> => Promise.resolve(Secret.of(Buffer.from("correct horse")));

test("the same user gets the secret at each request, and nothing is left behind", async () => {
  const { path, end } = await served(words);
  for (let times = 0; times < 3; times += 1)
    assert.is(
      (await requestSecret(path))?.use((bytes) => bytes.toString()),
      "correct horse",
    );
  assert.equal(await readdir(join(path, "..")), ["1.sock"]);
  assert.is((await stat(path)).mode & 0o777, 0o600);
  end();
  assert.is(await requestSecret(path), undefined);
});

test("without a secret the answer is empty", async () => {
  const { path, end } = await served(() => Promise.resolve(undefined));
  assert.is(await requestSecret(path), undefined);
  end();
});

test("a client without proof gets nothing", async () => {
  const { path, end } = await served(words);
  const answers: string[] = [];
  for (const said of ["done\n", "prove\n", "x".repeat(100_000)]) {
    const socket = createConnection(path);
    socket.on("error", () => undefined);
    let got = "";
    socket.on("data", (chunk) => (got += chunk.toString()));
    await new Promise((resolve) => socket.once("data", resolve));
    socket.write(said);
    await new Promise((resolve) => socket.once("close", resolve));
    answers.push(got.replace(/^prove [0-9a-f-]{36}\n$/, ""));
  }
  assert.equal(answers, ["", "", ""]);
  end();
});

await testWith(
  test,
  "other users",
  "another user cannot reach the socket; if the folder lets them, their proof is rejected",
  async () => {
    const { path, end } = await served(words);
    const ask = `
    import { createConnection } from "node:net";
    import { writeFileSync } from "node:fs";
    const socket = createConnection(${JSON.stringify(path)});
    socket.on("error", (error) => console.log(error.code));
    socket.on("data", (chunk) => {
      const name = /^prove (.+)\\n/.exec(chunk.toString())?.[1];
      if (name === undefined) return console.log("GOT " + chunk);
      try { writeFileSync(${JSON.stringify(join(path, ".."))} + "/" + name, ""); } catch (error) { console.log(error.code); }
      socket.write("done\\n");
    });`;
    const other = (): ReturnType<typeof run> =>
      run(
        "setpriv",
        [
          "--reuid=65534",
          "--regid=65534",
          "--clear-groups",
          process.execPath,
          "--input-type=module",
          "--eval",
          ask,
        ],
        {
          env: { HOME: "/" },
        },
      );
    assert.is((await other()).stdout, "EACCES\n");
    await chmod(join(path, "..", ".."), 0o755);
    await chmod(join(path, ".."), 0o777);
    await chmod(path, 0o666);
    const allowed = await other();
    assert.not.match(allowed.stdout, "GOT");
    assert.is(allowed.stdout, "", allowed.stderr);
    end();
  },
);

test("a proof that is a link counts for nothing, and is removed", async () => {
  const { path, end } = await served(words);
  const folder = join(path, "..");
  const socket = createConnection(path);
  let got = "";
  socket.on("data", (chunk) => (got += chunk.toString()));
  await new Promise((resolve) => socket.once("data", resolve));
  await symlink("/etc/passwd", join(folder, got.trim().slice("prove ".length)));
  socket.write("done\n");
  await new Promise((resolve) => socket.once("close", resolve));
  assert.match(got, /^prove [0-9a-f-]{36}\n$/);
  assert.equal(await readdir(folder), ["1.sock"]);
  end();
});

test("a server that names a file that is there gets no proof, and the file stays", async () => {
  const folder = await newFolder("false");
  const [path, name] = [join(folder, "s.sock"), crypto.randomUUID()];
  await writeFile(join(folder, name), "content");
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end(`prove ${name}\n`);
  }).unref();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await chmod(path, 0o600);
  assert.is(await requestSecret(path), undefined);
  assert.is(await readFile(join(folder, name), "utf8"), "content");
  server.close();
});

await testWith(test, "root", "a socket of another user is not asked", async () => {
  const { path, end } = await served(words);
  await chown(path, 65534, 65534);
  assert.is(await requestSecret(path), undefined);
  end();
});

test("a socket that is open to others is not asked; one that never answers times out", async () => {
  const { path, end } = await served(words);
  for (const mode of [0o620, 0o602, 0o666]) {
    await chmod(path, mode);
    assert.is(await requestSecret(path), undefined, mode.toString(8));
  }
  end();
  const silent = join(await newFolder("silent"), "s.sock");
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(silent, resolve));
  await chmod(silent, 0o600);
  assert.is(await requestSecret(silent), undefined);
  server.close();
});

test.run();
