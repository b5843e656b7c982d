import { equal } from "../rig/equal.js";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type DevcontainerOffer,
  readDevcontainer,
} from "../../lib/project/devcontainer/read-devcontainer.js";
import { failure, value } from "../rig/result.js";

// What is taken from a devcontainer.json, and what is listed as not taken.

const file = ".devcontainer/devcontainer.json";

function read(text: string, path = file): DevcontainerOffer {
  return value(readDevcontainer({ path, text }, path, "lab"));
}

const settingsOf = (text: string): DevcontainerOffer["settings"] => read(text).settings;

test("comments, trailing commas and a byte order mark are JSONC, as VS Code reads it", () => {
  const text = `\uFEFF// For the team
{
  /* the image */ "image": "debian:12", // pinned
  "remoteUser": "me",
}
`;
  equal(settingsOf(text), { image: "debian:12", user: "me" });
});

test("a build is read with paths from the file's folder, arguments and stage, and wins over an image", () => {
  const text = `{ "image": "x", "build": { "dockerfile": "Dockerfile", "context": "..", "args": { "A": "1" }, "target": "dev", "cacheFrom": "y" } }`;
  const { settings, notRead } = read(text);
  equal(settings, {
    build: { dockerfile: ".devcontainer/Dockerfile", context: ".", args: { A: "1" }, target: "dev" },
  });
  equal(notRead, ["build.cacheFrom"]);
});

test("the older dockerFile and context are a build, too", () => {
  const older = `{ "dockerFile": "../images/Dockerfile", "context": "../images" }`;
  equal(read(older), {
    file,
    settings: { build: { dockerfile: "images/Dockerfile" } },
    notRead: [],
  });
  equal(read(`{ "dockerFile": "Dockerfile" }`, ".devcontainer.json").settings, {
    build: { dockerfile: "Dockerfile" },
  });
});

test("a build outside the project is named, and left out", () => {
  for (const build of [`"../../Dockerfile"`, `"/srv/Dockerfile"`, `"\${localEnv:HOME}/Dockerfile"`]) {
    const { settings, notRead } = read(`{ "build": { "dockerfile": ${build} } }`);
    equal([settings, notRead], [{}, ["build (it is outside the project)"]]);
  }
});

test("the user is remoteUser, else containerUser", () => {
  equal(settingsOf(`{ "remoteUser": "a", "containerUser": "b" }`), { user: "a" });
  equal(settingsOf(`{ "containerUser": "b" }`), { user: "b" });
});

test("variables of the container are taken, except host-specific ones and tazpod's own", () => {
  const text = `{ "containerEnv": { "A": "1", "W": "\${containerWorkspaceFolder}/x", "P": "\${localWorkspaceFolderBasename}",
    "T": "\${localEnv:TOKEN}", "HOME": "/x", "TAZPOD_X": "1" } }`;
  const { settings, notRead } = read(text);
  equal(settings.env, { A: "1", W: "/workspace/x", P: "lab" });
  equal(notRead, [
    "containerEnv.T (${localEnv:TOKEN} differs between hosts)",
    "containerEnv.HOME (tazpod sets it, or it is not a valid name)",
    "containerEnv.TAZPOD_X (tazpod sets it, or it is not a valid name)",
  ]);
});

test("bind mounts are taken in both forms, from the project's folder and the home; volumes and unknown sources are named", () => {
  const text = `{ "mounts": [
    "source=\${localWorkspaceFolder}/data,target=/data,type=bind,consistency=cached",
    "type=bind,src=\${localEnv:HOME}\${localEnv:USERPROFILE}/.kube,dst=/home/me/.kube/,readonly",
    { "type": "bind", "source": "/srv/x", "target": "/x" },
    "source=cache,target=/cache,type=volume",
    { "source": "v", "target": "/v" },
    "type=bind,source=\${localEnv:DATA},target=/d",
    "type=bind,source=/a,target=/workspace",
    "type=bind,source=/a,target=/x"
  ] }`;
  const { settings, notRead } = read(text);
  equal(settings.mounts, [
    { source: "./data", target: "/data" },
    { source: "~/.kube", target: "/home/me/.kube", read_only: true },
    { source: "/srv/x", target: "/x" },
  ]);
  equal(notRead, [
    "mounts[3] (type=volume; only bind is supported)",
    "mounts[4] (type=volume; only bind is supported)",
    'mounts[5] (its source "${localEnv:DATA}" is not known on this host)',
    "mounts[6] (its target /workspace cannot be used)",
    "mounts[7] (its target /x cannot be used)",
  ]);
});

test("ports are numbers; what is another container's port is named", () => {
  const { settings, notRead } = read(`{ "forwardPorts": [3000, "5432", "db:5432", 3000, 99999] }`);
  equal(settings.ports, [3000, 5432]);
  equal(notRead, [
    'forwardPorts[2] ("db:5432" is not a port of this container)',
    "forwardPorts[4] (99999 is not a port of this container)",
  ]);
});

test("unsupported container settings are listed; editor settings are not", () => {
  const text = `{ "name": "x", "customizations": {}, "features": {}, "postCreateCommand": "make", "runArgs": ["--privileged"], "dockerComposeFile": "c.yml" }`;
  const { settings, notRead } = read(text);
  equal([settings, notRead], [{}, ["features", "postCreateCommand", "runArgs", "dockerComposeFile"]]);
});

const mistakes: readonly (readonly [text: string, place: string, message: RegExp])[] = [
  [`{\n  "image": "x"\n  "remoteUser": "y"\n}`, "3:3", /comma expected/],
  [`{ "image": "x"`, "1:15", /close brace expected/],
  [`{ "image": x }`, "1:12", /invalid symbol/],
  ["", "1:1", /value expected|expected a map/],
  ["[]", "1:1", /expected a map/],
  [`{ "image": 3 }`, "1:12", /expected a string/],
  [`{\n  "build": "Dockerfile"\n}`, "2:12", /expected a map/],
  [`{ "mounts": {} }`, "1:13", /expected a list/],
  [`{ "mounts": [3] }`, "1:14", /expected a string/],
  [`{ "containerEnv": { "A": 1 } }`, "1:26", /expected a string/],
  [`{ "a": ${"[".repeat(200_000)} }`, "1:1", /nested too deeply/],
];

for (const [text, place, message] of mistakes) {
  test(`a mistake has its place and one message: ${text.slice(0, 40).replaceAll("\n", "\\n") || "an empty file"}`, () => {
    const { problems } = failure(readDevcontainer({ path: file, text }, file, "lab"), "invalid-document");
    assert.is(problems.length, 1);
    const [{ at, message: said } = { message: "" }] = problems;
    assert.is(`${at?.line}:${at?.column}`, place);
    assert.match(said, message);
  });
}

test.run();
