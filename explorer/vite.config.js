import { defineConfig } from "vite";

export default defineConfig({
  // Relative addresses: the page also works behind a proxy that adds a path prefix.
  base: "./",
  build: {
    outDir: "../app/static/explorer",
    emptyOutDir: true,
    target: "es2022",
    // The bundle carries its dependencies' licences.
    license: { fileName: "licenses.md" },
    // Monaco, the editor, is one big chunk; splitting it would only add requests.
    chunkSizeWarningLimit: 6000,
    rolldownOptions: {
      onwarn(warning, warn) {
        // "use client" matters to server rendering alone; there is none here.
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
    },
  },
});
