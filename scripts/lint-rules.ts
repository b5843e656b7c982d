import { above, folderOf, type Room, rooms } from "./rooms.js";

/** A restriction of oxlint's rule `no-restricted-imports`. */
interface Restriction {
  readonly regex?: string;
  /** Patterns as in .gitignore. */
  readonly group?: readonly string[];
  readonly message: string;
  readonly allowTypeImports?: true;
}

/** A block of `overrides` in .oxlintrc.json. */
export interface Override {
  readonly files: readonly string[];
  readonly excludeFiles?: readonly string[];
  readonly rules: Readonly<Record<string, unknown>>;
}

const rule = "eslint/no-restricted-imports";

/** What only lib/host may import. Types may be imported everywhere. */
const doors: readonly Restriction[] = [
  {
    regex: "^(node:)?(child_process|cluster|worker_threads|fs|readline|tty|process)(/|$)",
    message:
      "Only lib/host starts programs (process.ts), touches files (files.ts) and the terminal (screen.ts).",
    allowTypeImports: true,
  },
  {
    regex: "^(zx|execa|listr2)(/|$)",
    message: "Only lib/host loads zx and execa (process.ts) and listr2 (spinner.ts).",
    allowTypeImports: true,
  },
];

/** In lib/host. */
const globals: Restriction = {
  regex: "^zx(/globals)?$",
  message: "zx sets globals and reads the arguments when it is loaded. Import zx/core.",
};

const sdk: Restriction = {
  regex: "^@aws-sdk/",
  message: "Import what a *-sdk.ts file of lib/aws exports, so that the bundle has no more of the SDK.",
  allowTypeImports: true,
};

const pure: readonly Restriction[] = [
  {
    group: ["**/host/*", "!**/host/human.js"],
    message: "This room is pure: of lib/host it may import only types and human.ts.",
    allowTypeImports: true,
  },
  {
    group: ["node:*", "!node:path"],
    message: "This room is pure: of Node's modules it may import only node:path.",
    allowTypeImports: true,
  },
];

/** Returns what the files of a room may not import. */
function restrictions(room: Room): readonly Restriction[] {
  const names = [...above(room).map(({ name }) => name), "bench", "scripts", "test"];
  return [
    {
      regex: `^(\\.\\./)+(lib/)?(${names.join("|")})/`,
      message: `${folderOf(room)} imports only the rooms below it in scripts/rooms.json.`,
    },
    ...(room.pure === true ? pure : []),
    ...(room.name === "host" ? [globals] : doors),
    sdk,
  ];
}

function block(files: readonly string[], patterns: readonly Restriction[]): Override {
  return { files, rules: { [rule]: ["error", { patterns }] } };
}

/**
 * Returns the overrides of .oxlintrc.json with the import rules of each room. Of several overrides for a file and a
 * rule, oxlint applies only the last one, so each block holds all import rules of its files.
 */
export function withImportRules(overrides: readonly Override[]): readonly Override[] {
  const sdkFiles = rooms
    .filter(({ name }) => name === "aws")
    .map((room) =>
      block(
        [`${folderOf(room)}/**/*-sdk.ts`],
        restrictions(room).filter((one) => one !== sdk),
      ),
    );
  return [
    ...overrides.filter(({ rules }) => !(rule in rules)),
    ...rooms.map((room) => block([`${folderOf(room)}/**/*.ts`], restrictions(room))),
    ...sdkFiles,
  ];
}
