/** The guide at `/llms.txt`. */
export const llmsText = `# Runyard: scripts over REST

Run JavaScript or TypeScript, read what it prints, and go on later where it stopped.

## Run a script

    POST /api/exec
    Content-Type: application/json

    {"code": "globalThis.total = (globalThis.total ?? 0) + 1; console.log(total); total"}

The answer, 202, holds an \`execution_id\`. The script runs by itself.

- \`code\` is a module: strict, with top-level \`await\`. Types are stripped, not checked.
- \`execution_timeout_secs\` (1 to 300, else 30) and \`heap_memory_max_mb\` (at least 8) are its limits.
- Any Content-Type without \`json\` in it makes the whole body the script; the other fields then go into the query.

## Ask for its end

    GET /api/executions/{id}

\`status\` is \`running\`, then one of \`completed\`, \`failed\`, \`timed_out\`, \`cancelled\`. Of a completed one \`result\` is the JSON of its last
expression, or of its default export; \`result_lost\` names what JSON cannot express. \`error\` says why another one did not complete.

    POST /api/executions/{id}/cancel

## Read what it prints

    GET /api/executions/{id}/output?line_offset=0&line_limit=100
    GET /api/executions/{id}/output?byte_offset=0&byte_limit=4096

Lines and bytes are counted from 0. Go on at \`next_line_offset\` or \`next_byte_offset\` while \`has_more\` is true. It can be read while the
script runs.

## Go on later

What a completed script leaves on \`globalThis\` is kept: \`heap\` of the execution is its name. Give it as \`heap\` of a later script to resume it, as
often as you like: each resumption is a branch of its own. With \`session\` instead, each script resumes what the last one of that name left.

## Files

\`/api/fs/*\` keeps versioned trees of files: labels that name snapshots, their history, and three-way merges.

All operations are described in \`/openapi/mcp-v8.json\`.
`;
