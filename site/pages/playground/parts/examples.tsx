export const Examples = () => null;
