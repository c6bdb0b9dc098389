/** Where our own things are in a container: a read-only volume of tools that all containers share, and in it a small file system in memory. */
export const toolsPath = "/.runyard";
export const ioPath = `${toolsPath}/io`;
