export const CodeDialog = () => null;
