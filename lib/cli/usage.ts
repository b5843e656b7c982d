import type { Goal, Task, Variable } from "../recipe/recipe.js";
import { isRequired, listOf } from "../recipe/values.js";

/** Returns how a goal or task is called: `tazpod deploy SERVICE [VERSION] [NAME=VALUE…] [-- FILES…]`. */
export function taskUsage(one: Goal | Task): string {
  return `tazpod ${nameWithArguments(one)}`;
}

/** The same without `tazpod`. */
export function nameWithArguments(one: Goal | Task): string {
  if ("run" in one) return one.name;
  const written = [...one.args.filter(({ variadic }) => !variadic), ...declared(one.vars)];
  const words = [...written, ...one.args.filter(({ variadic }) => variadic)].map((variable) => {
    const text = writtenAs(variable, one.args);
    return isRequired(variable) ? text : `[${text}]`;
  });
  return [one.name, ...words].join(" ");
}

function declared(vars: readonly Variable[]): readonly Variable[] {
  return vars.filter(({ isDeclared }) => isDeclared);
}

function writtenAs(variable: Variable, args: readonly Variable[]): string {
  if (variable.variadic) return `-- ${variable.name.toUpperCase()}…`;
  return args.includes(variable) ? variable.name.toUpperCase() : `${variable.name}=…`;
}

/** One help line for each argument and variable: how it is written, what it is for, and what it may be. */
export function valueLines(args: readonly Variable[], vars: readonly Variable[]): string[] {
  const rows = [...args, ...declared(vars)].map((variable) => [writtenAs(variable, args), variable] as const);
  const width = Math.max(0, ...rows.map(([usage]) => usage.length));
  return rows.map(([usage, variable]) => `  ${usage.padEnd(width)}  ${describeValue(variable)}`.trimEnd());
}

function describeValue(variable: Variable): string {
  const { help, choices, type, text, command, optional, variadic } = variable;
  const allowed =
    choices.length > 0
      ? listOf(choices)
      : type === "text"
        ? ""
        : type === "number"
          ? "a number"
          : "true or false";
  const notes = [
    ...(allowed === "" ? [] : [allowed]),
    ...(text === undefined ? [] : [`default: ${text}`]),
    ...(command === undefined ? [] : [`default: the output of ${command.join(" ")}`]),
    ...(text === undefined && optional && !variadic ? ["optional"] : []),
  ];
  return [
    ...(help === undefined ? [] : [help]),
    ...(notes.length === 0 ? [] : [`(${notes.join("; ")})`]),
  ].join(" ");
}

/** Returns the arguments, variables and names of outputs of a task as plain data. */
export function valuesJson({
  args,
  vars,
  outputs,
}: Task): Readonly<Record<"args" | "vars" | "outputs", readonly unknown[]>> {
  const shape = (variable: Variable): unknown => {
    const { name, help, choices, type, text, command, optional, variadic } = variable;
    return {
      name,
      help,
      type,
      choices,
      default: text,
      command,
      required: isRequired(variable),
      optional,
      variadic,
    };
  };
  return { args: args.map(shape), vars: declared(vars).map(shape), outputs };
}
