import sys

from greeter import app

if "--check" in sys.argv:
    print(app.test_client().get("/<b>").get_data(as_text=True))
else:
    app.run(port=8000)
