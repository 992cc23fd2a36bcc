export const LinkDialog = () => null;
