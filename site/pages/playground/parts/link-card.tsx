export const LinkCard = () => null;
