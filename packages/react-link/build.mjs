// dist/esm and dist/cjs, each a single file with types beside it: `npm run build`.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";

process.chdir(import.meta.dirname ?? dirname(new URL(import.meta.url).pathname));
rmSync("dist", { recursive: true, force: true });

const shared = {
  entryPoints: ["src/index.ts"],
  bundle: true,
  external: ["react"],
  target: "es2020",
  // Frameworks with server components want this before anything else.
  banner: { js: '"use client";' },
};
await build({ ...shared, format: "esm", outfile: "dist/esm/index.js" });
await build({ ...shared, format: "cjs", outfile: "dist/cjs/index.js" });

const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
execFileSync(process.execPath, [join(typescript, "bin", "tsc"), "-p", "tsconfig.json"], { stdio: "inherit" });

// The same declarations, where they are read as those of CommonJS.
mkdirSync("dist/cjs", { recursive: true });
writeFileSync("dist/cjs/package.json", '{ "type": "commonjs" }\n');
for (const name of readdirSync("dist/esm")) {
  if (name.endsWith(".d.ts")) cpSync(join("dist/esm", name), join("dist/cjs", name));
}

// The one licence of the project goes along.
if (existsSync("../../LICENSE")) cpSync("../../LICENSE", "LICENSE");
