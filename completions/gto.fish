complete --keep-order --exclusive --command gto --arguments "(COMPLETE=fish gto -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
