"""Who acts where: bodies, parties, actors, roles, grants, participation and scope."""
