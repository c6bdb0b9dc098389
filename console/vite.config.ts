/** How the console is built: one page, whose chunks carry the hash of their content in their names, so that browsers may keep them for good. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "/console/",
  plugins: [react()],
  resolve: { alias: { events: "bare-events" } }, // Node's own are asked for by the library that reads archives
  build: {
    outDir: "dist",
    target: "es2023",
    manifest: "manifest.json", // what the first load consists of, for the test that weighs it
    modulePreload: { polyfill: false },
    cssCodeSplit: false, // 9 KB for all pages: less than what a page waits for a file of its own
    assetsInlineLimit: 0, // the security policy lets nothing inline in
    reportCompressedSize: false,
    chunkSizeWarningLimit: 600, // KB: the editor of files, which only pages with one load
  },
});
