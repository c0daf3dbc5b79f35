// Parses AsyncAPI documents with AsyncAPI's own parser; prints, for each, its version and what is wrong with it, as JSON.
"use strict";

const { Parser, fromFile } = require("@asyncapi/parser");

async function parse(file) {
  const { document, diagnostics } = await fromFile(new Parser(), file).parse();
  return {
    version: document?.version() ?? null,
    channels: document?.allChannels().all().length ?? 0,
    diagnostics: diagnostics.map(({ code, message, path }) => ({ code: String(code), message, path: path.join("/") })),
  };
}

Promise.all(process.argv.slice(2).map(parse)).then((found) => console.log(JSON.stringify(found)));
