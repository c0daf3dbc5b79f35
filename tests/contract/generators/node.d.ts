// The parts of Node.js that read.ts uses.
declare module "fs" {
  export function readFileSync(file: string, encoding: "utf8"): string;
}
declare const process: { argv: string[] };
