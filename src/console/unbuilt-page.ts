/** What is shown where the console has no build yet: in a checkout, for the first seconds after the first `npm start`. */
export const unbuiltPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="2">
<title>Runyard</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
  body { margin: 20vh auto; max-width: 34rem; padding: 0 1.5rem; }
</style>
<h1>The console is being built</h1>
<p>It takes a few seconds after the first start, and this page then goes on by itself. The yard and its APIs serve already.</p>
<p>If it stays here, build it by hand, which says what is wrong: <code>npm run build:console</code></p>
</html>
`;
