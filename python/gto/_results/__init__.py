"""What :class:`gto.Registry` answers. Empty, so that each part is imported only when it is needed."""
