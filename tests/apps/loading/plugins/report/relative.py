from .__init__ import WHO
