import { writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bin, Host, run } from "../rig/host.js";

// What a user sees of a file that is not right: place, line, marker, and what to do. Nothing else, and exit 2.

interface Case {
  readonly what: string;
  readonly file: string;
  readonly text: string;
  readonly shows: string;
}

const cases: readonly Case[] = [
  {
    what: "a tab",
    file: ".tazpod/config.yaml",
    text: `image: x
\tuser: y
`,
    shows: `.tazpod/config.yaml:2:1: a tab; YAML is indented with spaces
\tuser: y
~
`,
  },
  {
    what: "a key twice",
    file: ".tazpod/config.yaml",
    text: `image: x
user: y
image: z
`,
    shows: `.tazpod/config.yaml:3:1: duplicate key "image"
image: z
~~~~~
`,
  },
  {
    what: "an unknown key",
    file: ".tazpod/config.yaml",
    text: `remote:
  regoin: x
`,
    shows: `.tazpod/config.yaml:2:3: unknown key "regoin"
  regoin: x
  ~~~~~~
  did you mean "region"?
`,
  },
  {
    what: "a wrong type",
    file: ".tazpod/config.yaml",
    text: `ghost_mode: "yes"
`,
    shows: `.tazpod/config.yaml:1:13: expected true or false, found "yes"
ghost_mode: "yes"
            ~~~~~
`,
  },
  {
    what: "a remote that is none",
    file: ".tazpod/config.yaml",
    text: `remote: http://x
`,
    shows: `.tazpod/config.yaml:1:9: expected an address in one line (s3://bucket/key, file:///folder/vault.tar.aes, none) or a map, found "http://x"
remote: http://x
        ~~~~~~~~
`,
  },
  {
    what: "a remote with a line break in it",
    file: ".tazpod/config.yaml",
    text: `remote: "s3://bucket/a\\nb"
`,
    shows: `.tazpod/config.yaml:1:9: expected an address in one line (s3://bucket/key, file:///folder/vault.tar.aes, none) or a map, found "s3://bucket/a\\nb"
remote: "s3://bucket/a\\nb"
        ~~~~~~~~~~~~~~~~~~
`,
  },
  {
    what: "an endpoint without a scheme",
    file: ".tazpod/config.yaml",
    text: `remote:
  url: s3://bucket/a
  endpoint: minio.lan:9000
`,
    shows: `.tazpod/config.yaml:3:13: expected a URL that starts with https:// or http://, such as https://s3.example.org:9000, found "minio.lan:9000"
  endpoint: minio.lan:9000
            ~~~~~~~~~~~~~~
`,
  },
  {
    what: "a login without its role",
    file: ".tazpod/config.yaml",
    text: `user: y
sso:
  start_url: https://lab.awsapps.com/start
  region: eu-west-1
  account_id: 123456789012
`,
    shows: `.tazpod/config.yaml:3:3: "start_url" needs "role_name" next to it
  start_url: https://lab.awsapps.com/start
  ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
`,
  },
  {
    what: "a login that is none",
    file: ".tazpod/config.yaml",
    text: `sso:
  start_url: lab
  region: Frankfurt
  account_id: 1234567890123
  role_name: ""
`,
    shows: `.tazpod/config.yaml:2:14: expected a URL such as https://example.awsapps.com/start, found "lab"
  start_url: lab
             ~~~

.tazpod/config.yaml:3:11: expected a region such as eu-central-1, found "Frankfurt"
  region: Frankfurt
          ~~~~~~~~~

.tazpod/config.yaml:4:15: expected the 12 digits of an account, found the number 1234567890123
  account_id: 1234567890123
              ~~~~~~~~~~~~~

.tazpod/config.yaml:5:14: expected a role's name, found an empty string
  role_name: ""
             ~~
`,
  },
  {
    what: "surroundings that are none",
    file: ".tazpod/config.yaml",
    text: `bridges: [../x, secrets/a]
ports: [70000, "80:80:80"]
mounts:
  - { source: x, target: /workspace }
  - { source: x }
env: { SSH_AUTH_SOCK: x, "A-B": y }
`,
    shows: `.tazpod/config.yaml:1:11: expected a path in both the home and the vault, such as .aws or .config/gcloud, without / at its ends, without .., and not below secrets, found "../x"
bridges: [../x, secrets/a]
          ~~~~

.tazpod/config.yaml:1:17: expected a path in both the home and the vault, such as .aws or .config/gcloud, without / at its ends, without .., and not below secrets, found "secrets/a"
bridges: [../x, secrets/a]
                ~~~~~~~~~

.tazpod/config.yaml:2:9: expected a port such as 8080, 8080:80, 127.0.0.1:8080:80 or 5353:53/udp (1 to 65535), found the number 70000
ports: [70000, "80:80:80"]
        ~~~~~

.tazpod/config.yaml:2:16: expected a port such as 8080, 8080:80, 127.0.0.1:8080:80 or 5353:53/udp (1 to 65535), found "80:80:80"
ports: [70000, "80:80:80"]
               ~~~~~~~~~~

.tazpod/config.yaml:4:26: expected an absolute path in the container other than / and /workspace, without a trailing / and without .., found "/workspace"
  - { source: x, target: /workspace }
                         ~~~~~~~~~~

.tazpod/config.yaml:5:5: "target" is missing
  - { source: x }
    ~~~~~~~~~~~~~

.tazpod/config.yaml:6:8: "SSH_AUTH_SOCK" cannot be a name; expected a variable's name other than HOME, SSH_AUTH_SOCK and TAZPOD_..., which tazpod sets
env: { SSH_AUTH_SOCK: x, "A-B": y }
       ~~~~~~~~~~~~~

.tazpod/config.yaml:6:26: "A-B" cannot be a name; expected a variable's name other than HOME, SSH_AUTH_SOCK and TAZPOD_..., which tazpod sets
env: { SSH_AUTH_SOCK: x, "A-B": y }
                         ~~~~~
`,
  },
  {
    what: "a RAM folder larger than any vault",
    file: ".tazpod/config.yaml",
    text: "vault: { size: 99999999g }\n",
    shows: `.tazpod/config.yaml:1:16: expected a size such as 64m (k, m or g), at most 64g, found "99999999g"
vault: { size: 99999999g }
               ~~~~~~~~~
`,
  },
  {
    what: "settings that exclude each other",
    file: ".tazpod/config.yaml",
    text: `network: host
ports: [8080]
mounts:
  - { source: x, target: /srv }
  - { source: y, target: /srv }
  - { source: z, target: /run }
`,
    shows: `.tazpod/config.yaml:2:1: ports cannot be published with \`network: host\`
ports: [8080]
~~~~~
  with it, all ports of the container are the host's; leave ports out, or use \`network: bridge\`

.tazpod/config.yaml:5:26: "/srv" is the target of two mounts
  - { source: y, target: /srv }
                         ~~~~

.tazpod/config.yaml:6:26: "/run" overlaps /run/tazpod, which tazpod uses
  - { source: z, target: /run }
                         ~~~~
`,
  },
  {
    what: "an open quote",
    file: ".tazpod/config.yaml",
    text: `image: "x
`,
    shows: `.tazpod/config.yaml:2:1: missing closing "quote

~
  look for an unclosed bracket or quote
`,
  },
  {
    what: "bytes that are no text and could drive the terminal",
    file: ".tazpod/config.yaml",
    text: `\u001b[2J\u0000\u0001PNG`,
    shows: `.tazpod/config.yaml:1:1: expected a map, found "\\u001b[2J\\u0000\\u0001PNG"
\ufffd[2J\ufffd\ufffdPNG
~~~~~~~~~
`,
  },
  {
    what: "a tab",
    file: "tazpod.tasks.yaml",
    text: `version: 1
tasks:
\tunlock: {}
`,
    shows: `tazpod.tasks.yaml:3:1: a tab; YAML is indented with spaces
\tunlock: {}
~
`,
  },
  {
    what: "a task twice",
    file: "tazpod.tasks.yaml",
    text: `version: 1
tasks:
  unlock: {}
  unlock: {}
`,
    shows: `tazpod.tasks.yaml:4:3: duplicate key "unlock"
  unlock: {}
  ~~~~~~
`,
  },
  {
    what: "an unknown key",
    file: "tazpod.tasks.yaml",
    text: `version: 1
tasks:
  unlock: { confrim: x }
`,
    shows: `tazpod.tasks.yaml:3:13: unknown key "confrim"
  unlock: { confrim: x }
            ~~~~~~~
  did you mean "confirm"?
`,
  },
  {
    what: "a wrong type",
    file: "tazpod.tasks.yaml",
    text: `version: 1
tasks:
  unlock: { needs: vault-open }
`,
    shows: `tazpod.tasks.yaml:3:20: expected a list of fact names, found "vault-open"
  unlock: { needs: vault-open }
                   ~~~~~~~~~~
`,
  },
  {
    what: "an unknown fact",
    file: "tazpod.tasks.yaml",
    text: `version: 1
tasks:
  unlock: { needs: [vault-opne] }
`,
    shows: `tazpod.tasks.yaml:3:21: there is no fact "vault-opne"
  unlock: { needs: [vault-opne] }
                    ~~~~~~~~~~
  did you mean "vault-open"?
`,
  },
  {
    what: "a misspelt task",
    file: "tazpod.tasks.yaml",
    text: `version: 1
tasks:
  unlok: { confirm: x }
`,
    shows: `tazpod.tasks.yaml:3:3: there is no task "unlok" to change
  unlok: { confirm: x }
  ~~~~~
  did you mean "unlock"? A new one needs \`new: true\`
`,
  },
  {
    what: "a cycle",
    file: "tazpod.tasks.yaml",
    text: `version: 1
facts:
  a: { new: true, check: { exists: a } }
  b: { new: true, check: { exists: b } }
tasks:
  x: { new: true, needs: [b], provides: [a], cmds: [[a]] }
  y: { new: true, needs: [a], provides: [b], cmds: [[a]] }
`,
    shows: `tazpod.tasks.yaml:6:3: a cycle: x → b → y → a → x
  x: { new: true, needs: [b], provides: [a], cmds: [[a]] }
  ~
`,
  },
  {
    what: "two providers",
    file: "tazpod.tasks.yaml",
    text: `version: 1
tasks:
  other: { new: true, provides: [session], cmds: [[a]] }
`,
    shows: `tazpod.tasks.yaml:3:34: login and other both provide "session", but their order is not defined
  other: { new: true, provides: [session], cmds: [[a]] }
                                 ~~~~~~~
  in the fact "session", list them in order of preference: providers: [login, other]
`,
  },
  {
    what: "a missing script",
    file: "tazpod.tasks.yaml",
    text: `version: 1
tasks:
  other: { new: true, script: ./no.mjs }
`,
    shows: `tazpod.tasks.yaml:3:31: there is no file ./no.mjs
  other: { new: true, script: ./no.mjs }
                              ~~~~~~~~
  a script's path is relative to the recipe that names it
`,
  },
  {
    what: "a name without a value",
    file: "tazpod.tasks.yaml",
    text: `version: 1
tasks:
  unlock: { confirm: "Open {{contaner}}?" }
`,
    shows: `tazpod.tasks.yaml:3:22: {{contaner}} has no value here
  unlock: { confirm: "Open {{contaner}}?" }
                     ~~~~~~~~~~~~~~~~~~~~
  did you mean "container"?
`,
  },
  {
    what: "another version",
    file: "tazpod.tasks.yaml",
    text: `version: 2
`,
    shows: `tazpod.tasks.yaml:1:10: expected the version of the recipe format, 1, found the number 2
version: 2
         ~
`,
  },
  {
    what: "retries on an interactive task",
    file: "tazpod.tasks.yaml",
    text: `version: 1
tasks:
  unlock: { retries: 2 }
`,
    shows: `tazpod.tasks.yaml:3:22: the task "unlock" is interactive, and interactive tasks are never retried
  unlock: { retries: 2 }
                     ~
  remove retries
`,
  },
  {
    what: "several problems at once",
    file: "tazpod.tasks.yaml",
    text: `version: 1
tasks:
  unlock: { timeout: soon }
  lock: { needs: [x] }
`,
    shows: `tazpod.tasks.yaml:3:22: expected a time: seconds as a number, or a string such as "500ms", "30s", "2m", found "soon"
  unlock: { timeout: soon }
                     ~~~~
`,
  },
];

for (const { what, file, text, shows } of cases) {
  test(`${what} in ${file} is shown with its place, and nothing is run`, async () => {
    const host = await Host.make({ remote: "none" });
    await writeFile(host.path(file), text);
    const done = await host.tazpod("enter", "--yes");
    assert.is(done.stderr, shows);
    assert.is(done.stdout, "");
    assert.is(done.code, 2);
  });
}

test("an empty config is a project with the defaults; an empty recipe is an error that says what belongs there", async () => {
  const host = await Host.make({ remote: "none" });
  await writeFile(host.path(".tazpod", "config.yaml"), "");
  assert.is((await host.tazpod("list")).code, 0);
  await writeFile(host.path("tazpod.tasks.yaml"), "");
  const empty = await host.tazpod("list");
  assert.is(empty.code, 2);
  assert.match(
    empty.stderr,
    /^tazpod\.tasks\.yaml:1:1: this file is empty; expected a map with `version: 1`/,
  );
});

test("a recipe to extend that is not there, and from a subfolder: the path is one that can be opened from here", async () => {
  const host = await Host.make({ remote: "none" });
  await writeFile(host.path("tazpod.tasks.yaml"), "version: 1\nextends: [./none.yaml]\n");
  const here = await host.tazpod("list");
  assert.is(here.code, 2);
  assert.match(
    here.stderr,
    /^tazpod\.tasks\.yaml:2:11: there is no file \S*none\.yaml\nextends: \[\.\/none\.yaml\]\n {10}~{11}\n {2}paths in `extends` are relative/,
  );
  const below = await run(process.execPath, [bin, "list"], { cwd: host.path(".tazpod") });
  assert.ok(below.stderr.startsWith(`${host.path("tazpod.tasks.yaml")}:2:11: `), below.stderr);
});

test.run();
