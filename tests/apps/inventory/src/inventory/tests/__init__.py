raise SystemExit("tests are left out")
