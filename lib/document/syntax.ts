import type { YAMLError } from "yaml";

/** What a YAML error means, in our words. `found` is the text at its place. */
export function describeSyntaxError(
  error: YAMLError,
  found: string,
): { readonly message: string; readonly hint?: string } {
  switch (error.code) {
    case "DUPLICATE_KEY":
      return { message: `the key "${found}" is there twice in one map` };
    case "MULTIPLE_DOCS":
      return { message: "this starts a second document; a file has one", hint: "remove the line ---" };
    case "TAB_AS_INDENT":
      return { message: "a tab; YAML indents with spaces" };
    case "BAD_INDENT":
      return { message: "the indentation does not fit the lines around it" };
    case "MISSING_CHAR":
      return { message: lower(error.message), hint: "look for a bracket or a quote that is not closed" };
    case "MULTILINE_IMPLICIT_KEY":
    case "BLOCK_AS_IMPLICIT_KEY":
      return { message: "this cannot be a key; a colon may be missing, or one too many" };
    case "BAD_ALIAS":
    case "ALIAS_PROPS":
      return { message: lower(error.message) };
    case "TAG_RESOLVE_FAILED":
      return {
        message: "tags (!name) have no meaning here",
        hint: "put a text that starts with ! in quotes",
      };
    case "NON_STRING_KEY":
      return { message: "a key must be a text" };
    case "BAD_SCALAR_START":
      return { message: `a text cannot start with "${found.slice(0, 1)}" here`, hint: "put it in quotes" };
    default:
      return { message: lower(error.message) };
  }
}

function lower(message: string): string {
  return message.slice(0, 1).toLowerCase() + message.slice(1);
}
