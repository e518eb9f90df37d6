import json
import sys

import certifi

print("locations", json.dumps({"file": certifi.where().startswith(sys.executable)}))
